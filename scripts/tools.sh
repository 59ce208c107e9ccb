#!/bin/bash
# Prints the PATH under which the tools of this checkout are found: eval "$(scripts/tools.sh)"
root=$(cd "$(dirname "$0")/.." && pwd)
printf 'export PATH=%q\n' "$PATH:/usr/sbin:/sbin:$root/.run/tools"
