// base64.cpp - bytes as text.

#include "base/base64.h"

#include "base/string.h"

namespace kist::base64 {

namespace {

constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char c)
{
    if (c == '-')
        c = '+';
    if (c == '_')
        c = '/';
    size_t at = std::string_view(kDigits).find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

String encode(std::string_view bytes)
{
    String text;
    unsigned pending = 0;
    int bits = 0;
    for (char byte : bytes) {
        pending = pending << 8 | static_cast<unsigned char>(byte);
        for (bits += 8; bits >= 6; bits -= 6)
            text += kDigits[pending >> (bits - 6) & 63];
    }
    if (bits)
        text += kDigits[pending << (6 - bits) & 63];
    while (text.size() % 4)
        text += '=';
    return text;
}

Result<String> decode(std::string_view text)
{
    Error wrong(EBADMSG, "not base64");
    if (text.size() % 4 == 0)
        for (int padding = 0; padding < 2 && text.ends_with('='); padding++)
            text.remove_suffix(1);
    if (text.size() % 4 == 1)
        return wrong;

    String bytes;
    unsigned pending = 0;
    int bits = 0;
    for (char c : text) {
        int value = value_of(c);
        if (value < 0)
            return wrong;
        pending = (pending << 6 | static_cast<unsigned>(value)) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(pending >> bits & 0xff);
        }
    }
    if (pending & ((1u << bits) - 1))
        return wrong;
    return bytes;
}

}  // namespace kist::base64
