# bash completion for audit_rules                          -*- shell-script -*-
# Needs no helper of the package bash-completion, which only finds and loads this file.

# What the installed program brings: the names of policies, or with a name the products that it is there for.
_audit_rules_policies() {
    "${COMP_WORDS[0]}" policy 2>/dev/null | awk -v name="$1" '
        /^[^ ]+:/ { sub(/:.*/, "", $1); policy = $1; if (name == "") print policy; next }
        name != "" && policy == name { print $1 }'
}

_audit_rules() {
    local current=${COMP_WORDS[COMP_CWORD]} words=() files='' name='' word
    local before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
    case ${before[0]-} in
    '')
        words=(schema policy --human --html --follow --help --version -)
        files=yes
        ;;
    schema) [ ${#before[@]} -gt 1 ] || words=(request report) ;;
    policy)
        for word in "${before[@]:1}"; do
            case $word in
            -*) ;;
            *) [ -n "$name" ] || name=$word ;;
            esac
        done
        if [ "${before[-1]}" = --product ]; then
            mapfile -t words < <(_audit_rules_policies "${name:-stig}")
        else
            words=(--json)
            if [ -n "$name" ]; then
                words+=(--product)
            else
                mapfile -t -O 1 words < <(_audit_rules_policies)
                words+=(--licence)
            fi
        fi
        ;;
    --human | --html | --follow)
        if [ ${#before[@]} = 1 ]; then
            words=(-)
            files=yes
        fi
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "${words[*]-}" -- "$current")
    if [ -n "$files" ]; then
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$current")
        # A slash after directories, quotes where names need them; a test that calls this by itself has no use for it.
        compopt -o filenames 2>/dev/null
    fi
}

complete -F _audit_rules audit_rules
