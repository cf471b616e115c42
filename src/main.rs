//! The executable: one JSON request in, one JSON report out.

use std::ffi::OsStr;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use nix::errno::Errno;
use nix::sys::utsname::UtsName;

use audit_rules::error::{Problem, RequestError};
use audit_rules::html::{self, Imprint};
use audit_rules::policies::{self, chosen};
use audit_rules::report::Report;
use audit_rules::{machine_name, own_product, report, request as requests, run, trigger};

const HELP: &str = "\
Makes a Linux host's audit rules, in the kernel and in rules.d, agree with a declared set.

  audit_rules FILE              read a JSON request from FILE, write a JSON report to standard output
  audit_rules -                 read the request from standard input
  audit_rules --human FILE      the same, as text for people; also with -
  audit_rules --html FILE       the same, as one page for a browser or for paper; also with -
  audit_rules --follow [FILE]   print a line for each event that the kernel records, until Ctrl-C, and then the counts; FILE: a
                                request with operation events, which says more
  audit_rules schema request    print the JSON Schema of requests
  audit_rules schema report     print the JSON Schema of reports
  audit_rules policy            list the policies for whole benchmarks that come with this program
  audit_rules policy NAME       print one of them as rules files; --product PRODUCT: not for this host
                                both with --json: for programs, the latter as a request
  audit_rules policy --licence  print the licence of the files in them that are ComplianceAsCode's own
  audit_rules --help, --version

A request declares what a host should hold:

  {\"state\": \"present\", \"name\": \"30-identity\", \"rules\": [\"-w /etc/passwd -p wa -k identity\"],
   \"check_mode\": true, \"diff\": true}

Exit status: 0 the report says not failed, 1 it says failed, 2 the command line is wrong.";

const USAGE: &str = "usage: audit_rules [--human | --html] FILE | - | --follow [FILE | -] | schema request | schema report | \
                     policy [NAME [--product PRODUCT]] [--json] | policy --licence | --help | --version";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let words: Vec<_> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let code = match words.as_slice() {
        // `prove` starts this executable so.
        [first, ..] if *first == trigger::WORD => trigger::act(arguments.get(1..).unwrap_or_default()),
        ["--help" | "-h"] => print(HELP),
        ["--version" | "-V"] => print(&format!("audit_rules {}", env!("CARGO_PKG_VERSION"))),
        ["schema", "request"] => print(requests::SCHEMA.trim_end()),
        ["schema", "report"] => print(report::schema().trim_end()),
        ["policy", rest @ ..] if words.len() == arguments.len() => policy(rest),
        ["--follow"] => follow(Ok(br#"{"operation": "events", "source": "kernel"}"#.to_vec())),
        ["--follow", "-"] => follow(read(io::stdin(), "-")),
        ["--follow", path] if !path.starts_with('-') => follow(read_file(path)),
        ["--human", rest @ ..] if words.len() == arguments.len() => request(rest, Form::Human),
        ["--html", rest @ ..] if words.len() == arguments.len() => request(rest, Form::Html),
        rest if words.len() == arguments.len() => request(rest, Form::Json),
        _ => misused(),
    };
    ExitCode::from(code)
}

/// Answers the request that the rest of the command line names.
fn request(words: &[&str], form: Form) -> u8 {
    match words {
        ["-"] => answer(read(io::stdin(), "-"), form),
        [] if !io::stdin().is_terminal() => answer(read(io::stdin(), "-"), form),
        [path] if !path.starts_with('-') => answer(read_file(path), form),
        _ => misused(),
    }
}

/// Prints the policies, or one of them.
fn policy(words: &[&str]) -> u8 {
    if words == ["--licence"] {
        return print(policies::LICENCE.trim_end());
    }
    let (mut names, mut product, mut json) = (Vec::new(), None, false);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "--json" => json = true,
            "--product" => match rest.next() {
                Some(name) => product = Some(*name),
                None => return misused(),
            },
            word if word.starts_with('-') => return misused(),
            word => names.push(word),
        }
    }
    let text = match (names.as_slice(), product, json) {
        ([], None, false) => Ok(policies::list()),
        ([], None, true) => Ok(format!("{:#}", policies::list_as_json())),
        ([name], product, json) => {
            chosen(name, product, &machine_name(), || own_product(Path::new("/"))).map(|choice| {
                if json { format!("{:#}", policies::as_request(&choice)) } else { policies::as_text(&choice) }
            })
        }
        _ => return misused(),
    };
    match text {
        Ok(text) => print(text.trim_end()),
        Err(problem) => {
            say(&problem.sentence());
            2
        }
    }
}

fn misused() -> u8 {
    let _ = writeln!(io::stderr(), "{USAGE}");
    2
}

/// What a report is written as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Human,
    Html,
}

fn human(report: &Report, output: &mut dyn Write) -> io::Result<()> {
    output.write_all(report.human(has_colours()).trim_end().as_bytes())
}

/// Where and when this is, and which root directory a request is about where it names one.
fn imprint(request: Option<&[u8]>) -> Imprint {
    let root = request.and_then(|request| serde_json::from_slice::<serde_json::Value>(request).ok());
    let root = root.as_ref().and_then(|request| request.get("root")?.as_str()).filter(|root| *root != "/");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let milliseconds = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    let uname = nix::sys::utsname::uname().ok();
    let text = |of: fn(&UtsName) -> &OsStr| uname.as_ref().map(|name| of(name).to_string_lossy().into_owned());
    Imprint {
        host: text(UtsName::nodename).unwrap_or_default(),
        kernel: text(UtsName::release).unwrap_or_default(),
        machine: text(UtsName::machine).unwrap_or_default(),
        milliseconds,
        root: root.map(str::to_owned),
    }
}

/// Colours where a terminal shows them and nobody asked for none (<https://no-color.org>).
fn has_colours() -> bool {
    let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    io::stdout().is_terminal() && !is_unwanted && !is_dumb
}

/// Reads one byte more than a request may have: that is enough to say that it has too many.
fn read(source: impl Read, name: &str) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let read = source.take(requests::MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
    let unreadable = |error: io::Error| RequestError::Unreadable { path: name.to_owned(), why: error.to_string() };
    read.map(|_| bytes).map_err(|error| Problem::from(unreadable(error)))
}

/// Reads the file that holds a request; it is no part of the host's state.
#[allow(clippy::disallowed_types)]
fn read_file(path: &str) -> Result<Vec<u8>, Problem> {
    match std::fs::File::open(path) {
        Ok(file) => read(file, path),
        Err(error) => Err(RequestError::Unreadable { path: path.to_owned(), why: error.to_string() }.into()),
    }
}

/// Prints a line for each event as it comes, and at the end what they come to.
fn follow(request: Result<Vec<u8>, Problem>) -> u8 {
    let has_colours = has_colours();
    let report = match request {
        Ok(request) => audit_rules::follow(request, &mut |event| {
            let line = report::human::recorded::line(event, has_colours);
            writeln!(Stdout, "{line}").is_ok()
        }),
        Err(problem) => Report::failed(&[problem]),
    };
    write_out(|output| human(&report, output)).max(u8::from(report.failed))
}

fn answer(request: Result<Vec<u8>, Problem>, form: Form) -> u8 {
    let imprint = (form == Form::Html).then(|| imprint(request.as_deref().ok()));
    let report = request.map_or_else(|problem| Report::failed(&[problem]), run);
    let write = |output: &mut dyn Write| match (form, &imprint) {
        (Form::Html, Some(imprint)) => output.write_all(html::page(&report, imprint).as_bytes()),
        (Form::Human, _) => human(&report, output),
        _ => serde_json::to_writer(output, &report).map_err(io::Error::from),
    };
    let code = write_out(write).max(u8::from(report.failed));
    if code > u8::from(report.failed) && report.changed {
        say("what the request changed stays changed");
    }
    code
}

fn print(text: &str) -> u8 {
    write_out(|output| output.write_all(text.as_bytes()))
}

/// Writes to standard output, with a line end after it. A report that nobody receives is a failure.
fn write_out(content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> u8 {
    let mut output = BufWriter::new(Stdout);
    match content(&mut output).and_then(|()| output.write_all(b"\n")).and_then(|()| output.flush()) {
        Ok(()) => 0,
        Err(error) => {
            let why = error
                .raw_os_error()
                .map_or_else(|| error.to_string(), |errno| Errno::from_raw(errno).desc().to_owned());
            say(&format!("standard output takes no report: {why}"));
            1
        }
    }
}

/// Standard output, past the standard library, to which EBADF is a success.
struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        nix::unistd::write(io::stdout(), bytes).map_err(io::Error::from)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn say(text: &str) {
    let _ = writeln!(io::stderr(), "audit_rules: {text}");
}
