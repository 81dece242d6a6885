//! Whatever a test program starts ends with it. Rust drops no statics, so a small shell waits for the end of its input, which
//! comes however the test program ends; then it stops the noted processes and removes the folders.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

const SCRIPT: &str = r#"
    trap '' INT TERM HUP
    noted=$1
    shift
    cat >/dev/null
    while read -r id; do
        # A number may have passed on to somebody else's process.
        case "$(readlink "/proc/$id/exe")" in "$PROGRAMS"/*) kill -KILL "$id" ;; esac
    done <"$noted" 2>/dev/null
    rm -rf "$@"
"#;

/// The shell that waits.
pub struct Guard {
    shell: Mutex<Child>,
    noted: PathBuf,
}

impl Guard {
    /// `folders` are removed at the end; the first holds the notes.
    pub fn over(folders: &[&Path], programs: &Path) -> Self {
        let noted = folders[0].join("processes");
        std::fs::write(&noted, "").expect("a file for the notes");
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "guard"])
            .arg(&noted)
            .args(folders)
            .env("PROGRAMS", programs)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        Self { shell: Mutex::new(shell), noted }
    }

    /// Notes a process that must not outlive the test program.
    pub fn note(&self, process: u32) {
        let file = std::fs::OpenOptions::new().append(true).open(&self.noted);
        writeln!(file.expect("the file of the notes"), "{process}").expect("a note");
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let shell = self.shell.get_mut().expect("no panic while the guard was used");
        drop(shell.stdin.take());
        let _ = shell.wait();
    }
}
