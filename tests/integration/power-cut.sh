#!/bin/sh
# power-cut.sh - what a power cut may leave on the disk is put right by the first command of the next boot.
#
# The states are made by hand here; tests/board/powercut.sh finds them as they come.
. "$(dirname "$0")/box.sh"

own() { echo "$store/containers/$(readlink "$store/names/$1")"; }
next_boot() { rm -rf "${volatile:?}"; }
names() { k ps -a --format '{{.Names}}' | sort | tr '\n' ' '; }
in_store() { find "$store/containers" "$store/names" -mindepth 1 | wc -l; }

# With --rm nothing is synced: the files may be there, and empty.
unwritten() {
    for file in spec.json state.json; do
        k create --rm --name passing -v /scratch "$image" true > /dev/null
        : > "$(own passing)/$file"
        [ $file != spec.json ] || for record in "$store"/volumes/*/volume.json; do
            : > "$record"
        done
        next_boot
        same "$(names)" ""
        same "$(k volume ls -q)" ""
        same "$(in_store)" 0
    done
    # The record of how it is is not synced each time.
    k create --name stays "$image" echo stays > /dev/null
    : > "$(own stays)/state.json"
    next_boot
    has "$(k ps -a --format '{{.Status}}')" "Exited (137)"
    same "$(k start -a stays)" stays
    k rm stays > /dev/null
}

# A removal that had begun goes on, and heeds what was asked for.
half_removed() {
    k create --name half -v /scratch "$image" true > /dev/null
    mv "$(own half)/state.json" "$(own half)/removed.json"
    next_boot
    same "$(names)" ""
    same "$(k volume ls -q | wc -l)" 1
    k volume prune -f > /dev/null
    k create --name half -v /scratch "$image" true > /dev/null
    rm "$(own half)/state.json"
    next_boot
    same "$(names)" ""
    same "$(k volume ls -q)" ""
    same "$(in_store)" 0
}

left_overs() {
    k create --name stays "$image" echo stays > /dev/null
    ln -s "$(readlink "$store/names/stays")" "$store/names/other"
    ln -s 0123456789012345678901234567890123456789012345678901234567890123 "$store/names/nobody"
    touch "$(own stays)/.state.json.0123456789abcdef" "$(own stays)/.spec.json.0123456789abcdef"
    next_boot
    same "$(names)" "stays "
    same "$(ls "$store/names")" stays
    same "$(ls -A "$(own stays)" | grep '^\.')" ""
    same "$(k start -a stays)" stays
    k rm stays > /dev/null
    same "$(in_store)" 0
}

all() {
    case $mode in root) store=$KIST_ROOT volatile=$KIST_STATE ;;
        *) store=$work/$mode/home/.local/share/kist volatile=$state/$mode/kist ;; esac
    k pull -q "$image" > /dev/null
    unwritten
    half_removed
    left_overs
}
each_mode all
