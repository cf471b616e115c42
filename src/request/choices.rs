//! The keys of a request that are a choice among words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares an enumeration of the request with its JSON names.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Its name in JSON.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}
pub(super) use choice;

choice! {
    /// What to do.
    Operation {
        /// Make the host agree with the request.
        #[default]
        Apply = "apply",
        /// Report what the host holds.
        Gather = "gather",
        /// Say what each rule means.
        Explain = "explain",
        /// Say what is wrong with rules, without a host if need be.
        Lint = "lint",
        /// Say what was recorded, and by which rule.
        Events = "events",
        /// Turn rules in the dialect of another tool into a request to apply.
        Import = "import",
        /// Find out whether rules record: have something done that they are about, and listen.
        Prove = "prove",
    }
}

choice! {
    /// A dialect of rules.
    Dialect {
        /// The JSON of Mozilla's libaudit-go.
        #[default]
        LibauditGo = "libaudit-go",
    }
}

choice! {
    /// Programs that only the host knows.
    ProgramsName {
        /// Those with setuid, setgid or file capabilities.
        #[default]
        Privileged = "privileged",
    }
}

choice! {
    /// lint: what to report besides the findings. events: the form of the lines in `output`.
    Format {
        /// lint: nothing. events: the same as jsonl.
        #[default]
        Report = "report",
        /// lint: the findings as SARIF 2.1.0.
        Sarif = "sarif",
        /// events: each event as in the report.
        Jsonl = "jsonl",
        /// events: each event as pauditd writes it.
        Pauditd = "pauditd",
    }
}

choice! {
    /// The least severity that makes a report a failed one.
    FailOn {
        /// The load would stop, or nothing would be recorded.
        #[default]
        Error = "error",
        /// Also what is not recorded, or not as it was meant.
        Warning = "warning",
        /// Any finding.
        Info = "info",
        /// No finding.
        Never = "never",
    }
}

choice! {
    /// What the host should hold.
    State {
        /// The drop-in holds exactly these rules and settings, and the kernel holds them.
        #[default]
        Present = "present",
        /// The drop-in is gone, or no longer holds the given rules.
        Absent = "absent",
        /// The kernel holds what the drop-ins say.
        Loaded = "loaded",
        /// This drop-in is the only one, and the kernel holds nothing else.
        Exact = "exact",
        /// An earlier change is taken back.
        Restored = "restored",
    }
}

choice! {
    /// Which layer to converge.
    Target {
        /// Both on a live host; files where the kernel has no audit for us.
        #[default]
        Auto = "auto",
        /// Files and kernel.
        Both = "both",
        /// Files only.
        Filesystem = "filesystem",
        /// The kernel only.
        Runtime = "runtime",
    }
}

choice! {
    /// Which kernel is meant.
    KernelChoice {
        /// The running one, where root directory and mount namespace are those of process 1.
        #[default]
        Auto = "auto",
        /// The running one in any case.
        Host = "host",
    }
}

choice! {
    /// How much of the wanted order the kernel's lists must have.
    Ordering {
        /// That between never and always rules of one list.
        #[default]
        Relevant = "relevant",
        /// All of it.
        Strict = "strict",
        /// None.
        Ignore = "ignore",
    }
}

choice! {
    /// What to do on a locked kernel.
    OnLocked {
        /// Write the files; the rest waits for the reboot.
        #[default]
        Stage = "stage",
        /// Fail before any change.
        Fail = "fail",
    }
}

choice! {
    /// What to do with a rule that another drop-in holds already.
    OnDuplicate {
        /// Do not write it a second time.
        #[default]
        Skip = "skip",
        /// Fail before any change.
        Fail = "fail",
    }
}

choice! {
    /// What to do with a rule that names a path, user or group that this host lacks.
    OnMissing {
        /// Fail before any change.
        #[default]
        Fail = "fail",
        /// Write it as a comment until it can be loaded.
        Skip = "skip",
        /// In check mode leave it out and warn of it, since the path, user or group may be made before the run; else fail
        /// before any change.
        CheckModeSkip = "check_mode_skip",
    }
}

impl OnMissing {
    /// Whether such a rule is left out.
    #[must_use]
    pub fn skips(self, check_mode: bool) -> bool {
        self == Self::Skip || (check_mode && self == Self::CheckModeSkip)
    }
}

choice! {
    /// What to do with a line that the installed auditctl is too old for.
    LoaderUnknown {
        /// Write it in a form that auditctl reads, with numbers for names; else load it into the kernel alone and write
        /// it as a comment.
        #[default]
        Number = "number",
        /// Fail before any change.
        Fail = "fail",
    }
}

choice! {
    /// What to do with a system call or a word length that exists on other machines only.
    UnknownSyscalls {
        /// Leave it out.
        #[default]
        Skip = "skip",
        /// Fail before any change.
        Fail = "fail",
    }
}

choice! {
    /// Whether audit.rules is brought up to date.
    Compile {
        /// When it exists, or the boot loads it as it stands; not where lines would be lost.
        #[default]
        Auto = "auto",
        /// Not.
        Never = "never",
        /// Also when it does not exist yet.
        Always = "always",
    }
}

choice! {
    /// The system call mask of a rule with `perm=`.
    PermSyscalls {
        /// All system calls; the kernel narrows by itself.
        #[default]
        All = "all",
        /// The table of auditctl 4.2.
        V4_2 = "4.2",
    }
}

choice! {
    /// Whether to make the kernel's grace periods short while rules are deleted.
    Expedite {
        /// When deletes turn out to be slow and the host allows it.
        #[default]
        Auto = "auto",
        /// Not.
        Never = "never",
        /// Whenever there is something to delete.
        Always = "always",
    }
}
