//! What comes from the kernel, as the trace of a run has it and as strace sees it.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::guest::{Guest, plain, present, said};

const TRACE: &str = "/root/netlink.trace";
const PASSWD: &str = "-w /etc/passwd -p wa -k identity";

/// How many bytes strace saw come over netlink, and how many the trace has.
fn bytes(guest: &Guest, request: &Json) -> (u64, u64) {
    let mut request = request.clone();
    request["trace_netlink"] = json!(TRACE);
    let (report, calls) = guest.traced("recvmsg", &request);
    assert_eq!(report["failed"], json!(false), "{report:#}");
    assert!(!report["warnings"].to_string().contains("there is no trace"), "{report:#}");
    let received = calls.iter().filter(|call| call.contains("AF_NETLINK"));
    let received = received.filter_map(|call| call.rsplit_once("= ")?.1.parse::<u64>().ok()).sum();
    (received, fs::metadata(TRACE).map_or(0, |file| file.len()))
}

#[test]
#[ignore = "needs a guest: make test"]
fn the_trace_has_every_byte_that_came_from_the_kernel_and_check_mode_writes_none() {
    let guest = plain();
    let _ = fs::remove_file(TRACE);
    let mut request = present("30-identity", &[PASSWD]);
    request["check_mode"] = json!(true);
    let (received, traced) = bytes(&guest, &request);
    assert!(received > 0 && traced == 0, "{received} {traced}");
    assert!(!Path::new(TRACE).exists());

    for request in [
        present("30-identity", &[PASSWD]),
        json!({"operation": "gather"}),
        json!({"operation": "events", "seconds": 1, "source": "kernel"}),
    ] {
        said("auditctl", &["-e", "1"]);
        let (received, traced) = bytes(&guest, &request);
        assert!(received > 0 && traced == received, "{request}: {received} came, {traced} are in the trace");
    }
    // strace and what proves a rule do not trace one process both.
    let report = guest.request(&json!({"operation": "prove", "seconds": 1, "trace_netlink": TRACE}));
    assert_eq!(report["proofs"][0]["verdict"], json!("records"), "{report:#}");
    let trace = fs::read(TRACE).unwrap();
    assert!(trace.windows(14).any(|bytes| bytes == b"key=\"identity\""), "no record is in the trace");
    let report = guest.request(&json!({"operation": "gather", "trace_netlink": "/no/such/directory/x"}));
    assert_eq!(report["errors"][0]["pointer"], json!("/trace_netlink"), "{report:#}");
}
