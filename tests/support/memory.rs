//! The memory of a running process: what a forced dump of it would hold.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

/// Reads all that the process can write to: heap, stacks, buffers. A core dump holds the same; this needs no debugger.
///
/// None: the system does not let this user. The key manager forbids it to its own user, so that only root can.
pub fn of_process(process: u32) -> Option<Vec<u8>> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps"));
    let file = std::fs::File::open(format!("/proc/{process}/mem"));
    let (maps, mut file) = match (maps, file) {
        (Ok(maps), Ok(file)) => (maps, file),
        (Err(error), _) | (_, Err(error)) => {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "the memory of process {process}: {error}");
            println!("the memory of process {process} was not searched: only root may read it");
            return None;
        }
    };
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"))) {
        let range = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
        let [from, to] = [range.0, range.1].map(|end| u64::from_str_radix(end, 16).expect("an address"));
        // A part may go while it is read; what was read of it counts.
        let _ = file.seek(SeekFrom::Start(from)).and_then(|_| (&mut file).take(to - from).read_to_end(&mut all));
    }
    assert!(all.len() > 1024 * 1024, "only {} bytes of process {process}", all.len());
    Some(all)
}

#[test]
fn what_this_process_holds_is_found() {
    let canary = format!("canary-{}-in-memory", std::process::id());
    let held = canary.clone().into_bytes();
    let Some(memory) = of_process(std::process::id()) else { return };
    assert!(!crate::Search::plain([canary.as_str()]).found_in(&memory).is_empty());
    drop(held);
}
