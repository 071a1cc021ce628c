// format.cpp - printf's directives, those that this program has a use for.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "base/str.h"
#include "base/string.h"

namespace kist::str {

namespace {

// One size has room for all that "l", "ll" and "z" stand for.
static_assert(sizeof(long) == sizeof(long long) && sizeof(long) == sizeof(size_t));

// Each kind of argument is fetched in one place: va_arg is a dozen instructions.
struct Arguments {
    va_list list;

    [[gnu::noinline]] int whole() { return va_arg(list, int); }
    [[gnu::noinline]] long large() { return va_arg(list, long); }
    [[gnu::noinline]] const char* text() { return va_arg(list, const char*); }

    // A width or a precision, "*" or digits, which `format` is moved beyond.
    size_t count(const char*& format)
    {
        if (*format == '*')
            return format++, static_cast<size_t>(whole());
        size_t number = 0;
        for (; *format >= '0' && *format <= '9'; format++)
            number = number * 10 + static_cast<size_t>(*format - '0');
        return number;
    }
};

// The digits of `value` as `verb` has them, at the end of `room`.
std::string_view digits_of(unsigned long value, char verb, bool negative, std::span<char> room)
{
    unsigned base = verb == 'o' ? 8 : (verb | 0x20) == 'x' ? 16 : 10;
    char* end = room.data() + room.size();
    char* at = end;
    do
        *--at = static_cast<char>("0123456789ABCDEF"[value % base] | (verb == 'x' ? 0x20 : 0));
    while (value /= base);
    if (negative)
        *--at = '-';
    return {at, static_cast<size_t>(end - at)};
}

}  // namespace

String format_list(const char* format, va_list list)
{
    Arguments arguments;
    va_copy(arguments.list, list);
    String out;
    for (;;) {
        const char* percent = strchrnul(format, '%');
        out.append(format, static_cast<size_t>(percent - format));
        if (!*percent)
            break;
        format = percent + 1;

        bool left = false, zeros = false;
        for (; *format == '-' || *format == '0'; format++)
            (*format == '-' ? left : zeros) = true;
        size_t width = arguments.count(format);
        size_t precision = SIZE_MAX;
        if (*format == '.')
            precision = arguments.count(++format);
        bool large = false;
        for (; *format == 'l' || *format == 'z'; format++)
            large = true;

        char room[24];  // 2^64 has 22 octal digits
        std::string_view text = "%";
        char verb = *format++;
        if (verb == 's') {
            const char* from = arguments.text();
            if (precision)  // of an empty view there may be no address
                text = {from, strnlen(from, precision)};
            else
                text = {};
        } else if (precision != SIZE_MAX || !verb || !strchr("cduoxX%", verb)) {
            abort();  // what follows would be taken for what it is not
        } else if (verb == 'c') {
            room[0] = static_cast<char>(arguments.whole());
            text = {room, 1};
        } else if (verb != '%') {
            long value = large ? arguments.large() : arguments.whole();
            bool negative = verb == 'd' && value < 0;
            auto size = static_cast<unsigned long>(value);
            if (!large && verb != 'd')
                size = static_cast<unsigned>(value);
            text = digits_of(negative ? -size : size, verb, negative, room);
        }

        size_t missing = width > text.size() ? width - text.size() : 0;
        if (zeros && text[0] == '-') {
            out += '-';
            text.remove_prefix(1);
        }
        if (!left)
            out.append(missing, zeros ? '0' : ' ');
        out += text;
        if (left)
            out.append(missing, ' ');
    }
    va_end(arguments.list);
    return out;
}

String format(const char* format, ...)
{
    va_list args;
    va_start(args, format);
    String text = format_list(format, args);
    va_end(args);
    return text;
}

}  // namespace kist::str
