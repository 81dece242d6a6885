//! `kmctl log events`

use clap::Args;
use km_api::log::Events;
use serde_json::Value;

use super::{MOST, page};
use crate::{answer::Answer, failure::Failure, online::Online};

/// Print events of the tenant and of the installation. That they were read is an event too.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as auditor log events --from 1200 --all")]
pub struct Arguments {
    /// The first event.
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    from: u64,
    /// Entries of the log to look at.
    #[arg(long, default_value_t = MOST, value_parser = clap::value_parser!(u64).range(1..=MOST), conflicts_with = "all")]
    limit: u64,
    /// Go on to the end of the log.
    #[arg(long)]
    all: bool,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    let session = online.session()?;
    let key_manager = session.key_manager();
    let mut read = page(&key_manager, arguments.from, arguments.limit).await?;
    while let Some(next) = read.next.filter(|_| arguments.all) {
        let more = page(&key_manager, next, MOST).await?;
        read.events.extend(more.events);
        read.next = more.next.filter(|further| *further > next);
    }
    Ok(Answer::good(&read, text(&read)))
}

fn text(read: &Events) -> String {
    let mut text: String = read.events.iter().map(line).collect();
    if let Some(next) = read.next {
        text += &format!("more: --from {next}\n");
    }
    text
}

fn line(event: &Value) -> String {
    let member = |path: &str| match event.pointer(path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => "-".to_owned(),
    };
    let columns = ["/index", "/log_time", "/kind", "/outcome", "/reason", "/actor/name", "/key", "/purpose", "/case"];
    columns.map(member).join("  ") + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_a_line() {
        let event = json!({"index": 7, "log_time": "2026-01-01T00:00:00Z", "kind": "record.opened", "outcome": "refused",
                           "reason": "forbidden", "actor": {"kind": "principal", "name": "i#ana"}});
        let read = Events { events: vec![event], next: Some(8) };
        let expected = "7  2026-01-01T00:00:00Z  record.opened  refused  forbidden  i#ana  -  -  -\nmore: --from 8\n";
        assert_eq!(text(&read), expected);
    }
}
