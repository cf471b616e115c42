# The demonstration's steps, run in a guest. Each shows its command and real output; `expect` checks what it claims.

number=0
said=/tmp/said

step() {
	number=$((number + 1))
	printf '\n== %s. %s ==\n' "$number" "$*"
}

# Runs a command and shows it with what it says.
run() {
	printf '\n  # %s\n' "$*"
	"$@" >$said 2>&1
	sed 's/^/    /' $said
}

# Gives a request to audit_rules and shows what it tells a person.
request() {
	printf '\n  # audit_rules --human %s\n' "$1"
	audit_rules --human "$1" >$said 2>&1
	echo "exit status: $?" >>$said
	sed 's/^/    /' $said
}

# The same for a report that is needed later: it is kept as JSON, under a name.
keep() {
	printf '\n  # audit_rules %s > /tmp/%s.json\n' "$1" "$2"
	audit_rules "$1" >"/tmp/$2.json"
	lab json /msg "/tmp/$2.json" >$said 2>&1
	sed 's/^/    /' $said
}

expect() {
	grep -q -e "$1" $said || fail "no \"$1\" in what it said"
}

expect_no() {
	! grep -q -e "$1" $said || fail "\"$1\" in what it said"
}

fail() {
	printf '\nThe demonstration failed in step %s: %s.\n' "$number" "$1"
	exit 1
}

cd /demo
# What Debian's package leaves behind when it is installed.
install -m 0640 /usr/share/lab/audit.rules /etc/audit/rules.d/audit.rules
augenrules --load >/dev/null 2>&1

step "A first look: Linux $(uname -r), $(auditctl -v), no rules"
run auditctl -l
expect 'No rules'
run ls /etc/audit/rules.d

step "The request: a drop-in with its rules"
run cat identity.json

step "Check mode: what would change, as a diff"
request identity-check.json
expect '^would change: '
run auditctl -l
expect 'No rules'

step "Apply it; the real auditctl is the witness"
request identity.json
expect '^changed: '
run auditctl -l
expect '-w /etc/passwd -p wa -k identity'
expect 'time-change'
cp $said /tmp/loaded
run cat /etc/audit/rules.d/30-identity.rules

step "Apply it again: nothing to do"
request identity.json
expect '^ok: '

step "Somebody deletes all rules; the next run repairs it"
run auditctl -D
run auditctl -l
expect 'No rules'
request identity.json
expect '^changed: '
run auditctl -l
cmp -s $said /tmp/loaded || fail "the rules are not those from before"

step "One rule changes: only the difference is sent, the others stay loaded throughout"
keep identity-changed.json changed
run lab json /plan/kernel /tmp/changed.json
expect '/etc/shadow'
expect_no '/etc/passwd'
run auditctl -l
expect '-w /etc/shadow -p rwa -k identity'
cp $said /tmp/loaded

step "A request with mistakes: all of them are named, and nothing is changed"
run cat wrong.json
request wrong.json
expect '^failed: nothing was changed'
expect 'opne'
expect 'etc/shadow'
expect 'aiud'
expect 'exit status: 1'
run auditctl -l
cmp -s $said /tmp/loaded || fail "a refused request changed the rules"

step "The drop-in goes, and its rules with it"
keep absent.json absent
expect 'unloaded'
run auditctl -l
expect 'No rules'
run ls /etc/audit/rules.d
expect_no '30-identity'

step "Undo: the report of the last step is the way back"
printf '\n  # lab json /undo /tmp/absent.json > /tmp/undo.json\n'
lab json /undo /tmp/absent.json >/tmp/undo.json || fail "the report has no undo"
request /tmp/undo.json
expect '^changed: '
run auditctl -l
cmp -s $said /tmp/loaded || fail "the rules are not those from before"

step "augenrules agrees: the next boot loads the same"
run augenrules --check
expect 'No change'
exit 0
