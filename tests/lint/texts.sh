#!/bin/sh
# texts.sh - what third_party/texts.py cannot read for sure, it refuses: no text is packed other than the
# compiler sees it.
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
echo licences > "$work/licences"
status=0

pack()
{
    cat > "$work/source.cpp"
    python3 third_party/texts.py "$work/out.h" "$work/licences" "$work/source.cpp" 2>&1
}

# refused REASON: the source on stdin is, for this reason.
refused()
{
    answer=$(pack) && { echo "taken, though $1: $answer"; status=1; }
    case $answer in
    *"$1"*) ;;
    *) echo "expected \"$1\", got \"$answer\""; status=1 ;;
    esac
}

answer=$(pack << 'END'
Text a = "one \"two\"\n" /* and */ "three"_help;  // "not this"_help
Flag b = flag('"', "plain", "four"_help), c = flag('x', "plain", "four"_help);
END
) || { echo "$answer"; status=1; }
case $answer in
"3 texts, 31 bytes, "*) ;;  # "licences\n", the joined one, "four", a zero byte behind each
*) echo "$answer"; status=1 ;;
esac

echo 'Text a = "one" MACRO "two"_help;' | refused 'only literals can be joined'
echo 'Text a = "one"_help MACRO;' | refused 'only literals can be joined'
echo 'Text a = "\x41"_help;' | refused 'escape \x is not understood'
echo 'Text a = ""_help;' | refused 'neither empty'
echo 'Text a = u8"one"_help;' | refused 'nor of another kind'
echo 'Text a = R"(one)"_help;' | refused 'raw'
echo 'Text a = "costarring"_help, b = "liquid"_help;' | refused 'has the number of another text'
exit $status
