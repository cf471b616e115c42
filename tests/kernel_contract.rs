//! What every kernel does: the model of the tests, and the one that runs.
//!
//! Says on standard error whether the running kernel took part: see `kernel/running.rs`.

mod kernel;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use audit_rules::kernel::socket::{Datagrams, Received, Socket};
use audit_rules::kernel::{Change, Errno, Kernel, KernelError, Netlink, Rcu, Setting, Status};
use audit_rules::rule::key::MAX_LENGTH;
use audit_rules::rule::{Action, FieldNumber, List, Mask, Op, Rule, mask};
use kernel::rules::{KEY, is_ours, key, number, plain, text, with};
use kernel::{MISSING, lose_records, on_each_kernel, running};

#[test]
fn lists_stand_in_the_order_of_their_numbers_and_rules_in_that_of_their_loading() {
    on_each_kernel(|bench| {
        let exclude = with(List::EXCLUDE, [number(FieldNumber::MSGTYPE, 2999)], "");
        let task = with(List::TASK, [number(FieldNumber::AUID, 54321)], "");
        let user = with(List::USER, [number(FieldNumber::AUID, 54321)], "");
        for rule in [&exclude, &plain(2), &task, &plain(1), &user, &plain(3)] {
            assert_eq!(bench.append(rule), Ok(()), "{rule:?}");
        }
        assert_eq!(bench.rules(), [user, task, plain(2), plain(1), plain(3), exclude]);
    });
}

#[test]
fn a_rule_is_listed_with_every_number_and_byte_that_was_sent() {
    on_each_kernel(|bench| {
        let mut rules = vec![
            with(
                List::EXIT,
                [number(FieldNumber::ARCH, 0xc000_003e), number(FieldNumber::EXIT, 0xffff_fff3)],
                [1, b'a', 1, 0xff, 0xfe],
            ),
            with(List::EXIT, [text(FieldNumber::PATH, "/etc//passwd"), number(FieldNumber::PERM, 10)], "-watch"),
            with(List::EXIT, [text(FieldNumber::DIR, "/etc/"), number(FieldNumber::PERM, 15)], "-tree"),
            with(List::EXIT, [text(FieldNumber::EXE, "/usr/bin/audit_rules_test")], "-exe"),
            with(List::EXIT, [number(FieldNumber::COMPARE, 1)], "-compare"),
        ];
        rules[0].fields[1].op = Op::NOT_EQUAL;
        rules[1].action = Action::ALWAYS;
        for rule in &rules {
            assert_eq!(bench.append(rule), Ok(()), "{rule:?}");
        }
        assert_eq!(bench.rules(), rules);
    });
}

#[test]
fn a_rule_that_is_loaded_is_not_appended_again() {
    on_each_kernel(|bench| {
        assert_eq!(bench.append(&plain(1)), Ok(()));
        assert_eq!(bench.append(&plain(2)), Ok(()));
        assert_eq!(bench.append(&plain(1)), Err(Errno::EEXIST));
        assert_eq!(bench.rules(), [plain(1), plain(2)]);
    });
}

#[test]
fn rules_that_differ_in_anything_are_two() {
    on_each_kernel(|bench| {
        let fields = [number(FieldNumber(2), 54321), number(FieldNumber(1), 54321)];
        let first = with(List::EXIT, fields.clone(), "");
        let case = |change: &dyn Fn(&mut Rule)| {
            let mut rule = first.clone();
            change(&mut rule);
            rule
        };
        let rules = [
            first.clone(),
            case(&|rule| rule.action = Action::ALWAYS),
            case(&|rule| rule.fields.swap(0, 1)),
            case(&|rule| rule.fields[0].op = Op::NOT_EQUAL),
            case(&|rule| rule.syscalls.insert(2)),
            case(&|rule| rule.fields.insert(0, fields[0].clone())),
            case(&|rule| rule.fields[2] = key([1, b'x'])),
        ];
        for rule in &rules {
            assert_eq!(bench.append(rule), Ok(()), "{rule:?}");
        }
        assert_eq!(bench.rules(), rules);
    });
}

#[test]
fn a_prepended_rule_stands_first_and_is_not_compared_with_those_that_are_loaded() {
    on_each_kernel(|bench| {
        assert_eq!(bench.append(&plain(1)), Ok(()));
        assert_eq!(bench.prepend(&plain(2)), Ok(()));
        assert_eq!(bench.prepend(&plain(3)), Ok(()));
        assert_eq!(bench.rules(), [plain(3), plain(2), plain(1)]);

        assert_eq!(bench.prepend(&plain(1)), Ok(()));
        assert_eq!(bench.rules(), [plain(1), plain(3), plain(2), plain(1)]);
        assert_eq!(bench.append(&plain(1)), Err(Errno::EEXIST));
        assert_eq!(bench.unload(&plain(1)), Ok(()));
        assert_eq!(bench.rules(), [plain(3), plain(2), plain(1)]);
    });
}

#[test]
fn a_rule_that_is_not_loaded_cannot_be_unloaded() {
    on_each_kernel(|bench| {
        assert_eq!(bench.append(&plain(1)), Ok(()));
        assert_eq!(bench.unload(&plain(2)), Err(Errno::ENOENT));
        assert_eq!(bench.unload(&plain(1)), Ok(()));
        assert_eq!(bench.unload(&plain(1)), Err(Errno::ENOENT));
        assert_eq!(bench.rules(), []);
    });
}

#[test]
fn what_was_listed_can_be_unloaded() {
    on_each_kernel(|bench| {
        let mut all = plain(1);
        all.syscalls = Mask::all();
        let unset = with(List::EXIT, [number(FieldNumber::AUID, u32::MAX)], "");
        let watch = with(List::EXIT, [text(FieldNumber::PATH, "/etc/passwd")], "");
        for rule in [&all, &unset, &watch] {
            assert_eq!(bench.append(rule), Ok(()), "{rule:?}");
        }
        for rule in bench.rules() {
            assert_eq!(bench.unload(&rule), Ok(()), "{rule:?}");
        }
        assert_eq!(bench.rules(), []);
    });
}

#[test]
fn a_refused_change_is_told_apart_and_does_not_stop_those_after_it() {
    on_each_kernel(|bench| {
        let missing = with(List::EXIT, [text(FieldNumber::PATH, &format!("{MISSING}/file"))], "");
        let (one, two, three) = (plain(1), plain(2), plain(3));
        let changes = [
            Change::Append(&one),
            Change::Append(&missing),
            Change::Append(&one),
            Change::Unload(&two),
            Change::Append(&two),
            Change::Prepend(&three),
            Change::Unload(&one),
        ];
        let answers = bench.kernel.change(&changes).unwrap();
        let expected = [Ok(()), Err(Errno::ENOENT), Err(Errno::EEXIST), Err(Errno::ENOENT), Ok(()), Ok(()), Ok(())];
        assert_eq!(answers, expected);
        assert_eq!(bench.rules(), [plain(3), plain(2)]);
        assert_eq!(bench.kernel.change(&[]).unwrap(), []);
    });
}

#[test]
fn class_bits_are_never_listed_and_do_not_make_another_rule() {
    on_each_kernel(|bench| {
        let mut all = plain(1);
        all.syscalls = Mask::all();
        assert_eq!(bench.append(&all), Ok(()));
        let mut listed = all.clone();
        listed.syscalls = (0..mask::FIRST_CLASS_BIT).collect();
        assert_eq!(bench.rules(), [listed.clone()]);
        assert_eq!(bench.append(&listed), Err(Errno::EEXIST));
        assert_eq!(bench.unload(&all), Ok(()));
    });
}

#[test]
fn an_unset_auid_is_listed_as_it_was_sent_and_differs_from_no_loginuid() {
    on_each_kernel(|bench| {
        let auid = with(List::EXIT, [number(FieldNumber::AUID, u32::MAX)], "");
        let loginuid = with(List::EXIT, [number(FieldNumber::LOGINUID_SET, 0)], "");
        let mut differs = auid.clone();
        differs.fields[0].op = Op::NOT_EQUAL;
        for rule in [&auid, &loginuid, &differs] {
            assert_eq!(bench.append(rule), Ok(()), "{rule:?}");
            assert_eq!(bench.append(rule), Err(Errno::EEXIST), "{rule:?}");
        }
        assert_eq!(bench.rules(), [auid, loginuid, differs]);

        let fields = [number(FieldNumber::AUID, u32::MAX), number(FieldNumber::LOGINUID_SET, 0)];
        let both = with(List::TASK, fields.clone(), "");
        let twice = with(List::TASK, [fields[0].clone(), fields[0].clone()], "");
        assert_eq!(bench.append(&both), Ok(()));
        assert_eq!(bench.rules().first(), Some(&twice));
        assert_eq!(bench.append(&twice), Err(Errno::EEXIST));
    });
}

#[test]
fn paths_need_what_holds_them() {
    on_each_kernel(|bench| {
        let path = |path: &str| with(List::EXIT, [text(FieldNumber::PATH, path)], "");
        let dir = |path: &str| with(List::EXIT, [text(FieldNumber::DIR, path)], "");
        let exe = |path: &str| with(List::EXIT, [text(FieldNumber::EXE, path)], "");
        let missing = MISSING.to_owned();
        let cases = [
            (path(&missing), Ok(())),
            (path(&(missing.clone() + "/file")), Err(Errno::ENOENT)),
            (path("/etc/"), Err(Errno::EINVAL)),
            (path("etc"), Err(Errno::EINVAL)),
            (path("/"), Err(Errno::EINVAL)),
            (path(""), Err(Errno::EINVAL)),
            (dir("/"), Ok(())),
            (dir(&missing), Err(Errno::ENOENT)),
            (dir("etc"), Err(Errno::EINVAL)),
            (exe(&missing), Ok(())),
            (exe(&(missing.clone() + "/file")), Err(Errno::ENOENT)),
            (exe("/usr/bin/"), Err(Errno::EINVAL)),
        ];
        for (rule, expected) in cases {
            assert_eq!(bench.append(&rule), expected, "{rule:?}");
        }
        assert_eq!(bench.unload(&path(&(missing.clone() + "/file"))), Err(Errno::ENOENT));
        assert_eq!(bench.unload(&exe(&(missing + "/file"))), Err(Errno::ENOENT));
    });
}

#[test]
fn what_is_no_rule_is_refused() {
    on_each_kernel(|bench| {
        let case = |change: &dyn Fn(&mut Rule)| {
            let mut rule = plain(1);
            change(&mut rule);
            rule
        };
        let path = || text(FieldNumber::PATH, "/etc/passwd");
        let refused = [
            case(&|rule| rule.list = List(3)),
            case(&|rule| rule.list = List(8)),
            case(&|rule| rule.list = List(0x20)),
            case(&|rule| rule.action = Action::POSSIBLE),
            case(&|rule| rule.action = Action(3)),
            case(&|rule| rule.fields.insert(0, key("-second"))),
            case(&|rule| rule.fields.splice(0..0, [path(), path()]).for_each(drop)),
            case(&|rule| rule.fields.splice(0..0, [path(), text(FieldNumber::DIR, "/etc")]).for_each(drop)),
            case(&|rule| rule.fields[0] = key([b'k'; MAX_LENGTH - KEY.len() + 1])),
        ];
        for rule in refused {
            assert_eq!(bench.append(&rule), Err(Errno::EINVAL), "{rule:?}");
        }
        let longest = case(&|rule| rule.fields[0] = key([b'k'; MAX_LENGTH - KEY.len()]));
        assert_eq!(bench.append(&longest), Ok(()));
        assert_eq!(bench.rules(), [longest]);
    });
}

#[test]
fn settings_hold_what_they_are_given_within_their_ranges() {
    on_each_kernel(|bench| {
        let before = bench.kernel.status().unwrap();
        bench.kernel.set(Setting::BacklogLimit(8191)).unwrap();
        bench.kernel.set(Setting::RateLimit(4711)).unwrap();
        let after = bench.kernel.status().unwrap();
        assert_eq!((after.backlog_limit, after.rate_limit), (8191, 4711));
        assert_eq!((after.enabled, after.failure, after.pid), (before.enabled, before.failure, before.pid));
        bench.kernel.set(Setting::BacklogLimit(before.backlog_limit)).unwrap();
        bench.kernel.set(Setting::RateLimit(before.rate_limit)).unwrap();

        let refused = Err(KernelError::Refused { request: "AUDIT_SET", errno: Errno::EINVAL });
        if let Some(wait) = before.backlog_wait_time {
            let wanted = if bench.free { wait / 2 } else { wait };
            bench.kernel.set(Setting::BacklogWaitTime(wanted)).unwrap();
            assert_eq!(bench.kernel.set(Setting::BacklogWaitTime(u32::MAX)), refused);
            assert_eq!(bench.kernel.status().unwrap().backlog_wait_time, Some(wanted));
            bench.kernel.set(Setting::BacklogWaitTime(wait)).unwrap();
        }
        if bench.free {
            for enabled in [0, 1] {
                bench.kernel.set(Setting::Enabled(enabled)).unwrap();
                assert_eq!(bench.kernel.status().unwrap().enabled, enabled);
            }
            bench.kernel.set(Setting::Failure(0)).unwrap();
            assert_eq!(bench.kernel.set(Setting::Enabled(3)), refused);
            assert_eq!(bench.kernel.set(Setting::Failure(3)), refused);
            assert_eq!(bench.kernel.status().unwrap().failure, 0);
            bench.kernel.set(Setting::Failure(before.failure)).unwrap();
            bench.kernel.set(Setting::Enabled(before.enabled)).unwrap();
        }
    });
}

#[test]
fn lost_records_are_counted_until_the_count_is_reset_which_gives_it_back() {
    on_each_kernel(|bench| {
        let before = bench.kernel.status().unwrap();
        if !before.resets_lost() || !(before.is_on() || bench.free) {
            return;
        }
        let lost = lose_records(bench.kernel);
        assert!(lost > before.lost, "{lost}");
        assert_eq!(bench.kernel.reset_lost(), Ok(lost));
        assert_eq!(bench.kernel.status().unwrap().lost, 0);
        assert_eq!(bench.kernel.reset_lost(), Ok(0));
        bench.kernel.set(Setting::Enabled(before.enabled)).unwrap();
    });
}

#[test]
fn a_thousand_rules_are_listed_as_they_were_loaded() {
    on_each_kernel(|bench| {
        let rules: Vec<Rule> = (0..1000).map(plain).collect();
        let answers = bench.kernel.change(&rules.iter().map(Change::Append).collect::<Vec<_>>()).unwrap();
        assert_eq!(answers, vec![Ok(()); 1000]);
        assert_eq!(bench.rules(), rules);
    });
}

#[test]
fn twenty_thousand_rules_are_listed_without_a_loss() {
    on_each_kernel(|bench| {
        let rules: Vec<Rule> = (0..20_000).map(plain).collect();
        let answers = bench.kernel.change(&rules.iter().rev().map(Change::Prepend).collect::<Vec<_>>()).unwrap();
        assert!(answers.iter().all(Result::is_ok));
        assert!(bench.rules() == rules);
    });
}

#[test]
fn grace_periods_are_made_short_and_long_again() {
    on_each_kernel(|bench| {
        let before = bench.kernel.rcu();
        let Some(expedited) = before.expedited.filter(|_| before.writable) else { return };
        for value in [1, 0, expedited] {
            bench.kernel.set_rcu_expedited(value).unwrap();
            assert_eq!(bench.kernel.rcu(), Rcu { expedited: Some(value), ..before });
        }
    });
}

/// A status without what records of other processes change at any time.
fn steady(status: &Status) -> Status {
    Status { lost: 0, backlog: 0, backlog_wait_time_actual: None, ..*status }
}

#[test]
fn a_locked_kernel_refuses_every_change_and_answers_every_question() {
    let locked = |kernel: &mut dyn Kernel| {
        let (one, two) = (plain(1), plain(2));
        assert_eq!(kernel.change(&[Change::Append(&one)]), Ok(vec![Ok(())]));
        let lost = lose_records(kernel);
        kernel.set(Setting::Enabled(2)).unwrap();
        let changes = [Change::Append(&one), Change::Append(&two), Change::Prepend(&two), Change::Unload(&one)];
        assert_eq!(kernel.change(&changes), Ok(vec![Err(Errno::EPERM); 4]));
        let refused = Err(KernelError::Refused { request: "AUDIT_SET", errno: Errno::EPERM });
        for setting in [0, 1, 2].map(Setting::Enabled) {
            assert_eq!(kernel.set(setting), refused, "{setting:?}");
        }
        let status = kernel.status().unwrap();
        for setting in [Setting::RateLimit(1), Setting::BacklogLimit(1), Setting::Failure(status.failure)] {
            assert_eq!(kernel.set(setting), refused, "{setting:?}");
        }
        assert_eq!(steady(&kernel.status().unwrap()), steady(&status));
        assert!(status.is_locked());
        // The count of lost records is no setting: the lock does not hold it.
        if status.resets_lost() {
            assert!(lost > 0);
            assert_eq!(kernel.reset_lost(), Ok(lost));
            assert_eq!(kernel.status().unwrap().lost, 0);
        }
        assert!(kernel.features().is_ok());
        assert_eq!(kernel.rules(), Ok(vec![one]));
    };
    locked(&mut audit_rules::kernel::model::Model::new());
    running::locking(|loan| locked(&mut loan.kernel));
}

#[test]
fn two_clients_of_the_running_kernel_in_one_process_do_not_mix_their_answers() {
    running::with(|loan| {
        let mut other = Netlink::open().unwrap();
        assert_ne!(loan.kernel.port(), other.port());
        assert_eq!(loan.kernel.change(&[Change::Append(&plain(1))]), Ok(vec![Ok(())]));
        for _ in 0..3 {
            assert_eq!(other.rules(), loan.kernel.rules());
            assert_eq!(other.features(), loan.kernel.features());
        }
        assert_eq!((other.strangers(), loan.kernel.strangers()), (0, 0));
    });
}

#[test]
fn an_answer_of_the_running_kernel_that_came_while_nobody_looked_is_taken() {
    running::with(|loan| {
        // The kernel acknowledges before the request is sent to its end: the time is over, the answer is there.
        let mut impatient = Netlink::open().unwrap().with_patience(Duration::ZERO);
        for _ in 0..50 {
            assert_eq!(impatient.set(Setting::RateLimit(loan.status.rate_limit)), Ok(()));
        }
    });
}

#[test]
fn datagrams_of_other_processes_are_ignored_beside_the_running_kernel() {
    use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, sendto, socket};
    use std::os::fd::AsRawFd;

    running::with(|loan| {
        let protocol = Some(SockProtocol::NetlinkAudit);
        let stranger = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol).unwrap();
        let target = NetlinkAddr::new(loan.kernel.port(), 0);
        // A status that says "locked", as the answer to each of the next requests.
        for sequence in 0..9u32 {
            let mut forged = [60u32, 1000, sequence, 0].map(u32::to_ne_bytes).concat();
            forged.extend([2u32; 11].map(u32::to_ne_bytes).concat());
            sendto(stranger.as_raw_fd(), &forged, &target, MsgFlags::empty()).unwrap();
        }
        assert_eq!(steady(&loan.kernel.status().unwrap()), steady(&loan.status));
        assert_eq!(loan.kernel.strangers(), 9);
    });
}

/// A socket whose reader sleeps, once, while the kernel answers.
struct Sleepy {
    socket: Socket,
    sleep: Duration,
    overruns: u32,
}

impl Datagrams for &mut Sleepy {
    fn send(&mut self, datagram: &[u8], until: Instant) -> Result<(), KernelError> {
        self.socket.send(datagram, until)?;
        std::thread::sleep(std::mem::take(&mut self.sleep));
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], until: Instant) -> Result<Received, KernelError> {
        let received = self.socket.receive(buffer, until)?;
        self.overruns += u32::from(received == Received::Overrun);
        Ok(received)
    }

    fn longest(&self) -> usize {
        self.socket.longest()
    }

    fn enlarge(&mut self) {
        self.socket.enlarge();
    }
}

#[test]
fn a_list_that_the_running_kernel_cut_short_for_a_slow_reader_is_read_again() {
    running::with(|loan| {
        let rules: Vec<Rule> = (0..20_000).map(plain).collect();
        loan.kernel.change(&rules.iter().rev().map(Change::Prepend).collect::<Vec<_>>()).unwrap();
        let sleep = Duration::from_millis(600);
        let mut sleepy = Sleepy { socket: Socket::open().unwrap(), sleep, overruns: 0 };
        let listed = Netlink::over(&mut sleepy).rules().unwrap();
        assert!(listed == rules, "{} rules", listed.len());
        assert_ne!(sleepy.overruns, 0, "the kernel lost nothing: the receive buffer takes all");
    });
}

#[test]
fn every_rule_of_these_tests_says_whose_it_is() {
    let keys: HashSet<Vec<u8>> = (0..3).map(|n| plain(n).key().unwrap().to_vec()).collect();
    assert_eq!(keys.len(), 3);
    assert!((0..3).all(|n| is_ours(&plain(n))));
}
