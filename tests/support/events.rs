//! The log as an auditor reads it.

use serde_json::Value;

use crate::System;

/// Events that a test was looking for.
pub struct Found(pub Vec<Value>);

impl System {
    /// Every event from this index on that an auditor of the tenant sees.
    #[track_caller]
    pub fn events_from(&self, auditor: &str, from: u64) -> Vec<Value> {
        let reader = self.rest(auditor);
        let (mut events, mut next) = (Vec::new(), Some(from));
        while let Some(from) = next {
            let page = reader.get(&format!("/v1/log/events?from={from}&limit=1000")).good();
            events.extend(page["events"].as_array().expect("events").iter().cloned());
            next = page["next"].as_u64();
        }
        events
    }

    /// The index after the newest event.
    #[track_caller]
    pub fn log_end(&self) -> u64 {
        let from = self.seen.load(std::sync::atomic::Ordering::Relaxed);
        let last = self.events_from("auditor", from).last().and_then(|event| event["index"].as_u64());
        let end = last.map_or(from, |last| last + 1);
        self.seen.fetch_max(end, std::sync::atomic::Ordering::Relaxed);
        end
    }

    /// The events from this index on that a request with this id left.
    #[track_caller]
    pub fn events_of(&self, from: u64, request_id: &str) -> Found {
        let mut events = self.events_from("auditor", from);
        events.retain(|event| event["request_id"] == request_id);
        Found(events)
    }
}

impl Found {
    /// The single event there must be: its kind, outcome and reason.
    #[track_caller]
    pub fn is(&self, kind: &str, outcome: &str, reason: &str) -> &Value {
        let [event] = self.0.as_slice() else { panic!("not one event: {:#?}", self.0) };
        let said = (event["kind"].as_str(), event["outcome"].as_str(), event["reason"].as_str().unwrap_or_default());
        assert_eq!(said, (Some(kind), Some(outcome), reason), "{event:#}");
        event
    }
}
