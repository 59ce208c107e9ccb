#!/bin/bash
# The manual page must name every flag of shm/base/options.def, with its default's flag form, and no flag that is gone.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
bad=0
flags=$(sed -nE 's/^OPTION\([a-z_0-9]+, [A-Z]+, "([a-z0-9-]+)".*/\1/p' shm/base/options.def | sort)
[ -n "$flags" ] || { echo "no flags found in shm/base/options.def"; exit 1; }
documented=$(grep -E '^\.It Fl Fl' man/cubed.8 | grep -oE 'Fl Fl [a-z0-9-]+' | cut -c7- | sort -u)
missing=$(comm -23 <(echo "$flags") <(echo "$documented"))
gone=$(comm -13 <(printf '%s\nhelp\nversion\n' "$flags" | sort) <(echo "$documented"))
[ -z "$missing" ] || { echo "man/cubed.8 lacks: ${missing//$'\n'/ }"; bad=1; }
[ -z "$gone" ] || { echo "man/cubed.8 has flags that do not exist: ${gone//$'\n'/ }"; bad=1; }
lint=$(mandoc -T lint -W warning man/*.[18] 2>&1 | grep -v 'operating system explicitly specified')
[ -z "$lint" ] || { echo "$lint"; bad=1; }
exit $bad
