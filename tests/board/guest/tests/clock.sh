# clock.sh - a clock of 1970 does not keep TLS from working; it is said.
case $(date -u +%Y) in 1970) ;; *) fail "the clock says $(date)" ;; esac
ends_with 0 k pull "$image"
has "$output" clock
same "$(k run --rm "$image" echo fine)" fine
k rmi "$image" > /dev/null
k pull "$image" || fail "the second pull"
