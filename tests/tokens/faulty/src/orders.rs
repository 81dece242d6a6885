//! What the module was told to do. A file of lines, empty or missing for nothing:
//!
//! ```text
//! C_Sign 0x32        C_Sign answers CKR_DEVICE_REMOVED
//! C_Sign 0x05 3      its next three calls answer CKR_GENERAL_ERROR
//! * 0x30             every call answers CKR_DEVICE_ERROR
//! C_Sign hang        its calls do not return while this line stands
//! C_Sign die         the process ends as if the module had crashed
//! C_Sign slow 20     each call takes 20 ms longer
//! sessions 8         more sessions than this are refused
//! ```

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use cryptoki_sys::{CK_RV, CKR_OK, CKR_SESSION_COUNT};

const PATIENCE: Duration = Duration::from_millis(2);

static FILE: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os("FAULTY_TOKEN_ORDERS").map(PathBuf::from));
static OPEN_SESSIONS: AtomicI64 = AtomicI64::new(0);
/// How often each counted line was obeyed, as long as the file stays as it is.
static OBEYED: Mutex<(String, Option<HashMap<usize, u64>>)> = Mutex::new((String::new(), None));

enum Order {
    Answer(CK_RV),
    Hang,
    Die,
    Slow(Duration),
}

/// Makes the call, or what the orders say instead.
pub fn obey(function: &'static str, call: impl FnOnce() -> CK_RV) -> CK_RV {
    loop {
        let text = read();
        match order(&text, function) {
            Some(Order::Answer(code)) => return code,
            Some(Order::Hang) => std::thread::sleep(PATIENCE),
            Some(Order::Die) => std::process::abort(),
            Some(Order::Slow(time)) => {
                std::thread::sleep(time);
                break;
            }
            None => break,
        }
    }
    if function == "C_OpenSession" && too_many_sessions() {
        return CKR_SESSION_COUNT;
    }
    let answer = call();
    if answer == CKR_OK {
        match function {
            "C_OpenSession" => drop(OPEN_SESSIONS.fetch_add(1, Ordering::SeqCst)),
            "C_CloseSession" => drop(OPEN_SESSIONS.fetch_sub(1, Ordering::SeqCst)),
            "C_CloseAllSessions" | "C_Finalize" => OPEN_SESSIONS.store(0, Ordering::SeqCst),
            _ => {}
        }
    }
    answer
}

fn read() -> String {
    FILE.as_ref().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default()
}

fn order(text: &str, function: &str) -> Option<Order> {
    text.lines().enumerate().find_map(|(number, line)| {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        if name != function && name != "*" {
            return None;
        }
        match (words.next()?, words.next()) {
            ("hang", _) => Some(Order::Hang),
            ("die", _) => Some(Order::Die),
            ("slow", time) => Some(Order::Slow(Duration::from_millis(time?.parse().ok()?))),
            (code, None) => Some(Order::Answer(code_of(code)?)),
            (code, Some(times)) if is_due(text, number, times.parse().ok()?) => Some(Order::Answer(code_of(code)?)),
            _ => None,
        }
    })
}

fn code_of(text: &str) -> Option<CK_RV> {
    CK_RV::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn is_due(text: &str, line: usize, times: u64) -> bool {
    let mut obeyed = OBEYED.lock().unwrap_or_else(PoisonError::into_inner);
    if obeyed.0 != text {
        *obeyed = (text.to_owned(), None);
    }
    let count = obeyed.1.get_or_insert_default().entry(line).or_default();
    *count += 1;
    *count <= times
}

fn too_many_sessions() -> bool {
    let limit = read().lines().find_map(|line| line.strip_prefix("sessions ")?.trim().parse::<i64>().ok());
    limit.is_some_and(|limit| OPEN_SESSIONS.load(Ordering::SeqCst) >= limit)
}
