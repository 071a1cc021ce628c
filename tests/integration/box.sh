# box.sh - sourced first: common.sh, modes.sh and registry.sh, and BusyBox in a registry of this machine's own.
#
#   $image          it
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture busybox)" box
image=$registry/box
