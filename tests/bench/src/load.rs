//! Load on a server: wrk for HTTPS, threads of ours for gRPC, and what came of it.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use km_test_support::{TestFolder, process::processor_time};
use serde_json::{Value, json};

use crate::statistics::Latency;

/// What one run under load showed.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Figures {
    /// Operations a second: items, where a call carries many.
    pub rate: f64,
    /// Of whole calls.
    pub latency: Latency,
    /// Microseconds of processor time that the server alone took for one operation.
    pub processor: f64,
    /// Calls that were not answered, or not with a success.
    pub errors: u64,
}

/// Printed by wrk's script when all is over: one line that begins with this.
const MARK: &str = "figures ";

/// The same HTTPS request over and over.
pub struct Request {
    url: String,
    /// Operations in one call.
    items: f64,
    script: PathBuf,
    _folder: TestFolder,
}

impl Request {
    /// A POST of this JSON, with this access token if any.
    pub fn post(url: String, token: Option<&str>, body: &Value, items: usize) -> Self {
        let folder = TestFolder::new("load");
        let script = folder.path().join("request.lua");
        // The token stands in a file of mode 0600, not on the command line.
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&script).expect("a file");
        let authorization =
            token.map_or_else(String::new, |token| format!("wrk.headers[\"Authorization\"] = \"Bearer {token}\"\n"));
        write!(
            file,
            r#"wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
{authorization}wrk.body = {body}
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("{MARK}%d %d %.1f %.1f %.1f %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), latency:percentile(99.9), e.connect + e.read + e.write + e.status + e.timeout))
end
"#,
            // A JSON string of ASCII is a Lua string too.
            body = json!(body.to_string()),
        )
        .expect("the script is written");
        Self { url, items: items as f64, script, _folder: folder }
    }

    /// Sends it over this many connections from one thread. `server`: the process whose processor time counts.
    pub fn run(&self, server: u32, connections: usize, time: Duration) -> Figures {
        let before = processor_time(server);
        let output = Command::new("wrk")
            .args(["--threads", "1", "--latency", "--timeout", "10s", "--connections", &connections.to_string()])
            .args(["--duration", &format!("{}s", time.as_secs().max(1)), "--script"])
            .arg(&self.script)
            .arg(&self.url)
            .output()
            .expect("wrk runs");
        let took = processor_time(server).saturating_sub(before);
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix(MARK));
        let line = line.unwrap_or_else(|| panic!("wrk: {text}{}", String::from_utf8_lossy(&output.stderr)));
        let numbers: Vec<f64> = line.split(' ').map(|number| number.parse().expect("a number")).collect();
        let [calls, micros, p50, p99, p999, errors] = numbers[..] else { panic!("wrk printed {line}") };
        let done = (calls - errors).max(0.0) * self.items;
        Figures {
            rate: done / (micros / 1e6),
            latency: Latency { p50: p50 / 1e3, p99: p99 / 1e3, p999: p999 / 1e3 },
            processor: took.as_secs_f64() * 1e6 / done.max(1.0),
            errors: errors as u64,
        }
    }
}

/// Makes calls that were prepared, each once, over these connections, one thread for each, until the time is over or none is
/// left. `call` gives the number of operations that a call did, or why it failed; the first reason is shown.
pub fn drive<C: Send, J: Send>(
    server: u32,
    connections: Vec<C>,
    jobs: VecDeque<J>,
    time: Duration,
    call: impl Fn(&C, J) -> Result<usize, String> + Sync,
) -> Figures {
    let jobs = Mutex::new(jobs);
    let reason = Mutex::new(None);
    let before = processor_time(server);
    let begun = Instant::now();
    let work = |connection: C| {
        let (mut times, mut done, mut errors) = (Vec::new(), 0, 0);
        while begun.elapsed() < time {
            let Some(job) = jobs.lock().expect("no panic while a call was taken").pop_front() else { break };
            let sent = Instant::now();
            match call(&connection, job) {
                Ok(items) => done += items,
                Err(why) => {
                    errors += 1;
                    reason.lock().expect("no panic while a reason was kept").get_or_insert(why);
                }
            }
            times.push(sent.elapsed());
        }
        (times, done, errors)
    };
    let (mut times, mut done, mut errors) = (Vec::new(), 0, 0);
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = connections.into_iter().map(|connection| scope.spawn(move || work(connection))).collect();
        for thread in threads {
            let (its_times, its_done, its_errors) = thread.join().expect("the caller's thread ends");
            times.extend(its_times);
            done += its_done;
            errors += its_errors;
        }
    });
    // Calls that were under way when the time was over count, and so does their time.
    let (elapsed, took) = (begun.elapsed(), processor_time(server).saturating_sub(before));
    if let Some(reason) = reason.into_inner().expect("no panic while a reason was kept") {
        eprintln!("{errors} calls failed, the first so: {reason}");
    }
    Figures {
        rate: done as f64 / elapsed.as_secs_f64(),
        latency: Latency::of(times),
        processor: took.as_secs_f64() * 1e6 / (done as f64).max(1.0),
        errors,
    }
}
