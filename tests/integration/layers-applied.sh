#!/bin/sh
# layers-applied.sh - files, links, owners, whiteouts and attributes arrive as the layers say.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture layered)" layered
push_image "$(fixture stacked)" stacked

check() {
    case $mode in
        single) setuid=755 ;;  # it would be the user's own program, for anybody on the host to become the user
        *) setuid=4755 ;;
    esac
    same "$(k run --rm "$registry/layered" sh -c '
        cat /d/keep /d/third /changed /link /hard /hidden/new /was-directory /n*/m*
        ls /d /hidden /was-file
        stat -c "%h %F" /hard /pipe /empty
        stat -c %a /setuid /owned /empty
        test ! -e /d/gone && test ! -e /hidden/old && test ! -e /.wh.was-file
    ')" "keep
third
second
keep
keep
new
now a file
long
/d:
keep
third

/hidden:
new

/was-file:
in
2 regular file
1 fifo
2 directory
$setuid
640
555"
    owner=$(k run --rm "$registry/layered" stat -c '%u:%g' /owned)
    case $mode in
        single) same "$owner" 0:0 ;;  # there is only one id to give
        *) same "$owner" 1000:50 ;;
    esac
    # 127 layers, the top one seen.
    same "$(k run --rm "$registry/stacked")" 125
    same "$(k run --rm "$registry/stacked" sh -c 'ls -d /level* | wc -l')" 126
}
each_mode check
