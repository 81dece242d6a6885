//! A child process that ends with the test.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::wait_until;

pub struct Child {
    process: std::process::Child,
    log: Option<PathBuf>,
}

impl Child {
    /// Starts a command with no input, and with both outputs in this file.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let output = std::fs::File::create(log).expect("a log file");
        let errors = output.try_clone().expect("a second handle of the log file");
        let process = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
        Self { process, log: Some(log.to_path_buf()) }
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it has printed.
    pub fn output(&self) -> String {
        self.log.as_ref().and_then(|log| std::fs::read_to_string(log).ok()).unwrap_or_default()
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Sends SIGTERM and waits; None if it does not end in time.
    pub fn stop(&mut self, deadline: Duration) -> Option<ExitStatus> {
        self.signal("TERM");
        let mut status = None;
        let _ = wait_until(deadline, || {
            status = self.process.try_wait().ok().flatten();
            status.is_some()
        });
        status
    }

    /// Sends SIGKILL and waits.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Sends a signal by name, as `kill -NAME` does.
    pub fn signal(&self, name: &str) {
        let _ = Command::new("kill").arg(format!("-{name}")).arg(self.process.id().to_string()).status();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- output of the child {}\n{}", self.process.id(), self.output());
        }
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TestFolder;

    #[test]
    fn a_child_is_stopped_and_its_output_kept() {
        let folder = TestFolder::new("child");
        let mut command = Command::new("sh");
        command.args(["-c", "echo started; exec sleep 60"]);
        let mut child = Child::start(&mut command, &folder.path().join("log"));
        assert!(wait_until(Duration::from_secs(5), || child.output() == "started\n"));
        assert!(child.is_running());
        assert!(child.stop(Duration::from_secs(5)).is_some());
        assert!(!child.is_running());
    }
}
