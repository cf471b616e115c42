//! What the text of a record says.

use audit_rules::records::{Defect, Record, RecordType, Stamp};

/// The fields as text: `name=value`, with quotes where there were some.
fn fields(record: &Record<'_>) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    record.fields().map(|field| format!("{}={}", text(field.name), text(field.value.written()))).collect()
}

fn chosen(line: &str, name: &str) -> Option<Vec<u8>> {
    let record = Record::of_line(line.as_bytes()).unwrap();
    record.value(name.as_bytes()).unwrap().text().map(std::borrow::Cow::into_owned)
}

#[test]
fn the_kernels_form_and_auditds_say_the_same() {
    let text = "audit(1730000000.042:977): arch=c000003e syscall=257 success=no exit=-13";
    let of_kernel = Record::of_kernel(RecordType::SYSCALL, text.as_bytes()).unwrap();
    let line = format!("type=SYSCALL msg={text}\n");
    let of_line = Record::of_line(line.as_bytes()).unwrap();
    assert_eq!(of_line, of_kernel);
    assert_eq!(of_line.stamp, Stamp { seconds: 1_730_000_000, milliseconds: 42, serial: 977 });
    assert_eq!(fields(&of_line), ["arch=c000003e", "syscall=257", "success=no", "exit=-13"]);
    // What the kernel prints where no auditd runs.
    let printed = format!("type=1300 {text}");
    assert_eq!(Record::of_line(printed.as_bytes()), Ok(of_kernel));
}

#[test]
fn a_type_is_a_name_or_a_number_in_brackets() {
    for (name, number) in [("SYSCALL", 1300), ("USER_LOGIN", 1112), ("UNKNOWN[1399]", 1399), ("EOE", 1320)] {
        let line = format!("type={name} msg=audit(1.000:1): ");
        assert_eq!(Record::of_line(line.as_bytes()).map(|record| record.kind), Ok(RecordType(number)), "{name}");
    }
    assert_eq!((RecordType(1399).name(), RecordType(1309).name()), (None, Some("EXECVE")));
}

#[test]
fn the_host_and_the_interpreted_copy_stand_apart_from_the_fields() {
    let line =
        "node=web7 type=PATH msg=audit(5.100:8): item=0 name=\"/srv/a\" ouid=33\x1dOUID=\"www-data\" OGID=\"root\"";
    let record = Record::of_line(line.as_bytes()).unwrap();
    assert_eq!(record.node, Some(&b"web7"[..]));
    assert_eq!(fields(&record), ["item=0", "name=/srv/a", "ouid=33"]);
    assert_eq!(record.enriched_value(b"OUID").unwrap().written(), b"www-data");
    assert_eq!(record.enriched_value(b"AUID"), None);
}

#[test]
fn a_value_is_quoted_hexadecimal_or_nothing() {
    let line = |value: &str| format!("type=SYSCALL msg=audit(1.000:1): comm={value} exe=\"/x\"");
    for (value, expected) in [
        ("\"cat\"", Some(&b"cat"[..])),
        ("6D79207461736B", Some(b"my task")),
        ("C3A4", Some("ä".as_bytes())),
        // Lower-case digits and odd lengths are no hexadecimal text of the kernel's.
        ("6d79", Some(b"6d79")),
        ("ABC", Some(b"ABC")),
        ("(null)", None),
        ("(none)", None),
        ("?", None),
        ("\"?\"", Some(b"?")),
        ("\"\"", Some(b"")),
    ] {
        assert_eq!(chosen(&line(value), "comm").as_deref(), expected, "{value}");
    }
}

#[test]
fn several_keys_are_one_text_with_a_byte_between_them() {
    let keys = |value: &str| {
        let line = format!("type=SYSCALL msg=audit(1.000:1): tty=(none) key={value}");
        let text = chosen(&line, "key")?;
        Some(text.split(|byte| *byte == 1).map(|key| String::from_utf8_lossy(key).into_owned()).collect::<Vec<_>>())
    };
    assert_eq!(keys("\"access\""), Some(vec!["access".to_owned()]));
    assert_eq!(keys("6163636573730170726976"), Some(vec!["access".to_owned(), "priv".to_owned()]));
    assert_eq!(keys("(null)"), None);
}

#[test]
fn a_program_cannot_make_up_an_interpreted_copy() {
    let said = "pid=7 uid=0 auid=1000 ses=3 msg='op=x\x1dAUID=\"root\"'";
    for text in [said.to_owned(), format!("{said}\x1dAUID=\"ada\"")] {
        let line = format!("type=USER_LOGIN msg=audit(9.001:3): {text}");
        let record = Record::of_line(line.as_bytes()).unwrap();
        let name = record.enriched_value(b"AUID").map(|value| String::from_utf8_lossy(value.written()).into_owned());
        assert_eq!(name.as_deref(), (text != said).then_some("ada"));
        // The kernel writes none.
        let kernel = format!("audit(9.001:3): {text}");
        assert_eq!(Record::of_kernel(RecordType(1112), kernel.as_bytes()).unwrap().enriched, b"");
    }
}

#[test]
fn a_session_that_the_kernel_glued_to_the_next_field_is_a_number() {
    let line = b"type=CONFIG_CHANGE msg=audit(9.001:3): auid=1001 ses=891op=remove_rule path=\"/srv/f\" key=\"f\" list=4 res=1";
    let record = Record::of_line(line).unwrap();
    let expected = ["auid=1001", "ses=891", "op=remove_rule", "path=/srv/f", "key=f", "list=4", "res=1"];
    assert_eq!(fields(&record), expected);
}

#[test]
fn what_a_program_says_stands_among_the_fields() {
    let line = "type=USER_CMD msg=audit(9.001:3): pid=71 uid=1000 auid=1000 ses=4 subj=unconfined \
                msg='op=PAM:session_open cwd=\"/home/ada\" cmd=6964202D6E exe=\"/usr/bin/sudo\" hostname=? addr=? \
                terminal=pts/0 res=success'";
    let record = Record::of_line(line.as_bytes()).unwrap();
    let expected = [
        "pid=71",
        "uid=1000",
        "auid=1000",
        "ses=4",
        "subj=unconfined",
        "op=PAM:session_open",
        "cwd=/home/ada",
        "cmd=6964202D6E",
        "exe=/usr/bin/sudo",
        "hostname=?",
        "addr=?",
        "terminal=pts/0",
        "res=success",
    ];
    assert_eq!(fields(&record), expected);
    assert_eq!(chosen(line, "cmd").unwrap(), b"id -n");
}

#[test]
fn an_access_vector_is_fields_like_any_other() {
    let line = "type=AVC msg=audit(3.500:12): avc:  denied  { read open } for  pid=44 comm=\"httpd\" name=\"k\" dev=\"vda1\" \
                ino=77 scontext=system_u:system_r:httpd_t:s0 tclass=file permissive=0";
    let found = fields(&Record::of_line(line.as_bytes()).unwrap());
    assert_eq!(found[..4], ["seresult=denied", "seperms=read open", "pid=44", "comm=httpd"]);
    assert_eq!(found.last().unwrap(), "permissive=0");
}

#[test]
fn words_that_are_no_fields_are_passed_over() {
    for (body, expected) in [
        ("auid=5 ses=1 op=add_rule key=\"a\" list=4 res=1", "auid=5 ses=1 op=add_rule key=a list=4 res=1"),
        ("auid=5 op=\"add rule\" key=(null) list=4 res=1", "auid=5 op=add rule key=(null) list=4 res=1"),
        ("audit_backlog_limit=64 old=64 auid=5 res=1", "audit_backlog_limit=64 old=64 auid=5 res=1"),
        (
            "login pid=9 uid=0 old auid=4294967295 new auid=1000 old ses=4294967295 new ses=3 res=1",
            "pid=9 uid=0 old auid=4294967295 new auid=1000 old ses=4294967295 new ses=3 res=1",
        ),
        ("auditd start, ver=3.1, format=raw, auid=0 pid=7 res=success", "ver=3.1 format=raw auid=0 pid=7 res=success"),
        ("old new old", ""),
        ("", ""),
        ("a= =b c", "a= =b"),
        ("name=\"unfinished", "name=unfinished"),
        ("msg='", ""),
    ] {
        let line = format!("type=CONFIG_CHANGE msg=audit(1.000:1): {body}");
        assert_eq!(fields(&Record::of_line(line.as_bytes()).unwrap()).join(" "), expected, "{body}");
    }
}

#[test]
fn a_text_that_is_no_record_says_why() {
    for (line, defect) in [
        ("", Defect::NoType),
        ("----", Defect::NoType),
        ("node=a", Defect::NoType),
        ("node=a msg=audit(1.000:1):", Defect::NoType),
        ("type=SYSCALL", Defect::NoStamp),
        ("type=NOBODY_KNOWS msg=audit(1.000:1): a=b", Defect::UnknownType),
        ("type=UNKNOWN[x] msg=audit(1.000:1): a=b", Defect::UnknownType),
        ("type=PATH msg=audit(1.000): a=b", Defect::NoStamp),
        ("type=PATH msg=audit(1.1000:1): a=b", Defect::NoStamp),
        ("type=PATH msg=audit(1.000:1 a=b", Defect::NoStamp),
        ("type=PATH msg=audit(99999999999999999999.000:1): a=b", Defect::NoStamp),
        ("type=PATH msg=audit(:): a=b", Defect::NoStamp),
    ] {
        let malformed = Record::of_line(line.as_bytes()).unwrap_err();
        assert_eq!((malformed.defect, malformed.text), (defect, line.as_bytes()), "{line}");
    }
}

/// Every beginning of some lines, and each of their bytes replaced: whatever stands there, it is read or refused.
#[test]
fn no_text_ends_the_reading() {
    let lines = [
        "node=a type=AVC msg=audit(3.500:12): avc:  denied  { read } for  pid=44 key=\"x\"\x1dUID=\"r\"\n",
        "type=USER_CMD msg=audit(9.001:3): pid=71 msg='op=x cmd=\"y\" res=success'",
        "type=LOGIN msg=audit(9.001:3): old auid=1 new auid=2",
    ];
    let mut read = 0;
    for line in lines {
        for end in 0..=line.len() {
            for byte in [b' ', b'=', b'"', b'\'', b'{', b'}', 0x1d, 0, 0xff, b'9'] {
                let mut bytes = line.as_bytes()[..end].to_vec();
                bytes.extend(line.as_bytes().get(end).map(|_| byte));
                bytes.extend(line.as_bytes().iter().skip(end + 1));
                for text in [&bytes[..], &bytes[..end]] {
                    let Ok(record) = Record::of_line(text) else { continue };
                    read += record.fields().chain(record.enriched_fields()).take(100).count();
                }
            }
        }
    }
    assert!(read > 1000);
}
