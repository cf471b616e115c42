# fish completion for audit_rules

# What the installed program brings: the names of policies, or with a name the products that it is there for.
function __audit_rules_policies
    set --local program (commandline --tokenize --current-process)[1]
    $program policy 2>/dev/null | awk -v name="$argv[1]" '
        /^[^ ]+:/ { sub(/:.*/, "", $1); policy = $1; if (name == "") print policy; next }
        name != "" && policy == name { print $1 }'
end

# The words before the one that is completed, without the program.
function __audit_rules_before
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    set --erase words[1]
    string split ' ' -- $words
end

function __audit_rules_is_first
    test (count (__audit_rules_before)) = 0
end

function __audit_rules_follows --description 'the only word before is one of these'
    set --local before (__audit_rules_before)
    test (count $before) = 1; and contains -- $before[1] $argv
end

function __audit_rules_policy_name
    string match --invert -- '-*' (__audit_rules_before)[2..] | head -n 1
end

function __audit_rules_in_policy
    test "$(__audit_rules_before | head -n 1)" = policy
end

function __audit_rules_wants_name
    __audit_rules_in_policy; and test -z "$(__audit_rules_policy_name)"
end

function __audit_rules_has_name
    __audit_rules_in_policy; and test -n "$(__audit_rules_policy_name)"
end

function __audit_rules_products
    set --local name (__audit_rules_policy_name)
    test -n "$name"; or set name stig
    __audit_rules_policies $name
end

complete --command audit_rules --condition 'not __audit_rules_is_first; and not __audit_rules_follows --human --html --follow' --no-files
complete --command audit_rules --condition __audit_rules_is_first --arguments schema --description 'print a JSON Schema'
complete --command audit_rules --condition __audit_rules_is_first --arguments policy --description 'list the policies, or print one'
complete --command audit_rules --condition __audit_rules_is_first --long-option human --description 'report as text for people'
complete --command audit_rules --condition __audit_rules_is_first --long-option html --description 'report as one page'
complete --command audit_rules --condition __audit_rules_is_first --long-option follow --description 'a line for each event'
complete --command audit_rules --condition __audit_rules_is_first --long-option help --description 'print a summary'
complete --command audit_rules --condition __audit_rules_is_first --long-option version --description 'print the version'
complete --command audit_rules --condition '__audit_rules_follows schema' --arguments 'request report'
complete --command audit_rules --condition __audit_rules_wants_name --arguments '(__audit_rules_policies)' --description policy
complete --command audit_rules --condition __audit_rules_wants_name --long-option licence --description 'licence of ComplianceAsCode'
complete --command audit_rules --condition __audit_rules_in_policy --long-option json --description 'for programs'
complete --command audit_rules --condition __audit_rules_has_name --long-option product --exclusive \
    --arguments '(__audit_rules_products)' --description 'not for this host'
