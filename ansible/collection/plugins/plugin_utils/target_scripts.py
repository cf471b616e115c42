# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the target's shell is asked to do.

Only sh, ls, uname, id, cat, mkdir, chmod, mv and rm are needed there. A script travels as one line, and no exclamation
mark in it touches a word: the login shell may be csh. An answer of the script itself is a line that begins with ANSWER;
anything else is the program's.
"""

from __future__ import annotations

import shlex

from ansible_collections.linux.audit.plugins.module_utils._audit_rules_program import INSTALLED, NAME

ANSWER = "@audit_rules"

#: Directories for the program in the order in which they are tried; the user who must own them; the umask with which
#: directories above them are made. Words for sh.
CACHES = (
    ("/var/cache/audit_rules", "0", "022"),
    ('"${HOME:-/nonexistent}/.cache/audit_rules"', '"$(id -u)"', "077"),
    ('"/var/tmp/audit_rules-$(id -u)"', '"$(id -u)"', "022"),
)

_SAY = 'say() { printf "%s\\n" "' + ANSWER + ' $*"; };'

# enter DIRECTORY OWNER: goes there if nobody but the owner may do anything in it. It looks at the directory that it is
# in by then, so that nobody can put another in its place after the look.
_ENTER = """
enter() {
    { [ ! -h "$1" ] && cd "$1"; } 2>/dev/null || return 1;
    set -- "$2" $(ls -ldn . 2>/dev/null);
    case "$2:$4" in drwx------*:"$1") return 0;; esac;
    return 1;
};
"""

# trusted PATH: whether the file and each directory on the way to it, from / on and without following a link, belong to root
# or to us, and nobody else may write them; as why_unsafe of audit_rules_program. Sets p to the part at fault and w to the
# reason.
_TRUSTED = """
judge() {
    p=$1;
    set -- $(ls -ldn "$1" 2>/dev/null);
    case "$1" in l*) w=link; return 1;; esac;
    case "$3" in 0|"$(id -u)") ;; *) w=owner; return 1;; esac;
    case "$1" in -????-??-*|d????-??-*) ;; *) w=mode; return 1;; esac;
};
trusted() {
    f=$1 r=$1/ q=;
    judge / || return 1;
    while [ -n "$r" ]; do
        n=${r%%/*} r=${r#*/};
        [ -z "$n" ] || { q=$q/$n; judge "$q" || return 1; };
    done;
    w=kind;
    [ -f "$f" ];
};
"""

# Says that there is no program yet. The request is read to its end first: some connections fail when nobody reads it.
_ABSENT = """
cat >/dev/null;
z=; command -v gzip >/dev/null 2>&1 && z=gzip;
say absent "$(uname -s)" "$(uname -m)" "$z";
"""


def _one_line(*parts):
    # Older versions of Ansible put "&& sleep 0" after a command, so the last one must not be ended.
    return " ".join(line.strip() for part in parts for line in part.splitlines() if line.strip()).rstrip(";")


def run(programs, cache=None):
    """Runs the installed program of this version, or the one in the cache, with the request on standard input.

    The answer is "absent SYSTEM MACHINE [gzip]" where there is none.
    """
    names = " ".join(f"./{program.name}" for program in programs.by_machine.values())
    whole = "|".join(f"./{program.name}:{program.size}" for program in programs.by_machine.values())
    # One ls answers everything: the directory's mode and owner, and the size of the program, which a crash of the host
    # may have cut. The program's own mode says nothing: nobody else can enter the directory.
    cached = """
    cached() {
        { [ ! -h "$1" ] && cd "$1"; } 2>/dev/null || return 0;
        u=$2;
        set -- $(ls -ldn . NAMES 2>/dev/null);
        case "$1:$3" in drwx------*:"$u") ;; *) return 0;; esac;
        shift 5;
        while [ $# -gt 5 ]; do case "$1" in -rwx*) break;; esac; shift; done;
        for f in NAMES; do
            if [ -f "$f" ]; then case "$f:$5" in WHOLE) exec "$f" -;; esac; fi;
        done;
    };
    """.replace("NAMES", names).replace("WHOLE", whole)
    installed = ""
    if not cache:
        installed = f"""
        if [ -x {INSTALLED} ] && trusted {INSTALLED} &&
            [ "$({INSTALLED} --version 2>/dev/null </dev/null)" = "audit_rules {programs.version}" ];
        then exec {INSTALLED} -; fi;
        """
    places = "".join(f"cached {directory} {owner};" for directory, owner, dummy in _places(cache))
    return _one_line(_SAY, _TRUSTED, installed, cached, places, _ABSENT)


def run_installed(path):
    """Runs the program that the task names. Its version comes first, on a line of its own.

    Answers: "missing", "untrusted WHY PART", "refused WHY" where it does not start, "alien WHAT" where it is another program.
    """
    return _one_line(_SAY, _TRUSTED, f"x={shlex.quote(path)};", """
    stop() { cat >/dev/null; say "$@"; exit; };
    [ -e "$x" ] || stop missing;
    trusted "$x" || stop untrusted "$w" "$p";
    v=$("$x" --version 2>&1 </dev/null) || stop refused "$v";
    case "$v" in "NAME"*) ;; *) stop alien "$v";; esac;
    say version "$v";
    exec "$x" -;
    """.replace("NAME", NAME))


def put(program, version, cache=None, leave_out=(), compressed=False):
    """Puts the program that comes on standard input into the first cache where programs may run.

    Answers, a line each: "bad DIRECTORY: WHY" for one that cannot be used; "broken DIRECTORY: WHY" where it was put and
    did not work; "ready DIRECTORY".
    """
    skipped = "|".join(shlex.quote(directory) for directory in leave_out)
    leave = f'case "$d" in {skipped}) return 1;; esac;' if skipped else ""
    # Nothing is made in a home that is another's: sudo may leave HOME as it was.
    place = """
    ours() {
        q=${1%/*};
        while [ -n "$q" ]; do
            if [ -d "$q" ]; then
                set -- $(ls -ldnL "$q/.");
                case "$3" in 0|"$(id -u)") ;; *) return 1;; esac;
            fi;
            q=${q%/*};
        done;
    };
    place() {
        d=$1;
        LEAVE
        if [ -h "$d" ]; then say bad "$d: is a symbolic link"; return 1; fi;
        if [ ! -d "$d" ]; then
            ours "$d" || { say bad "$d: $q belongs to another user"; return 1; };
            e=$({ umask "$3"; mkdir -p "${d%/*}/" && umask 077 && mkdir "$d" || [ -d "$d" ]; } 2>&1) ||
            { say bad "$d: $e"; return 1; };
        fi;
        enter "$d" "$2" || { say bad "$d: belongs to another user, or others may use it"; return 1; };
        e=$({ printf "exit 0\\n" >"$t" && chmod 700 "$t"; } 2>&1) || { say bad "$d: $e"; return 1; };
        e=$("./$t" 2>&1) && return 0;
        rm -f "$t" NAME;
        m=$(df -P . 2>/dev/null | { read -r a; read -r a b b b b m; printf "%s" "$m"; });
        while read -r a b c o; do [ "$b" = "$m" ] && w=$o; done 2>/dev/null </proc/self/mounts;
        case " ${w%% *}," in *[\\ ,]noexec,*) e="no program may run there, since $m is mounted noexec";; esac;
        say bad "$d: $e";
        return 1;
    };
    """.replace("LEAVE", leave).replace("NAME", program.name)
    places = " || ".join(f"place {directory} {owner} {umask}" for directory, owner, umask in _places(cache))
    receive = "gzip -dc" if compressed else "cat"
    return _one_line(_SAY, _ENTER, place, 'umask 077; t=".audit_rules-$$.new"; w=;', f"{places} || {{ cat >/dev/null; exit; }};", f"""
    trap "rm -f $t" 0;
    stop() {{ cat >/dev/null; say broken "$d: $1"; exit; }};
    e=$({{ {receive} >"$t"; }} 2>&1) || stop "$e";
    set -- $(ls -ldn "$t");
    [ "$5" = {program.size} ] || stop "received $5 of {program.size} bytes";
    chmod 700 "$t";
    e=$("./$t" --version 2>&1 </dev/null);
    [ "$e" = "audit_rules {version}" ] || stop "$e";
    mv -f "$t" {program.name} || exit;
    find . ! -name {program.name} -name "*audit_rules-*" -mtime +0 -exec rm -f {{}} \\; 2>/dev/null;
    say ready "$d";
    """)


def machine():
    """Says "absent SYSTEM MACHINE" and nothing else: for connections without standard input."""
    return _one_line(_SAY, 'say absent "$(uname -s)" "$(uname -m)";')


def _places(cache):
    if not cache:
        return CACHES
    return ((shlex.quote(cache), '"$(id -u)"', "022"),)
