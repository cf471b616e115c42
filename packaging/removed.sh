# What the removal of the package says: rules outlive it, as data of the administrator.
echo "audit_rules is removed. Audit rules stay as they are, in the kernel and in /etc/audit/rules.d."
managed=$(grep -l -x -F '@HEADER@' /etc/audit/rules.d/*.rules 2>/dev/null || :)
if [ -n "$managed" ]; then
    echo "audit_rules wrote these files; remove those that are no longer wanted:"
    echo "$managed" | while read -r path; do echo "  $path"; done
fi
