// tar_builder.h - archives for tests, honest and otherwise.

#pragma once

#include <cstring>
#include <string_view>

#include "base/str.h"
#include "base/stream.h"
#include "base/string.h"
#include "check.h"

namespace kist::archive::test {

// Hands out `bytes` in pieces of at most `piece`.
class StringReader : public Reader {
public:
    explicit StringReader(std::string_view bytes, size_t piece = 65536)
        : rest_(bytes), piece_(piece)
    {
    }
    Result<std::string_view> next() override
    {
        std::string_view taken = rest_.substr(0, piece_);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    size_t left() const { return rest_.size(); }

private:
    std::string_view rest_;
    size_t piece_;
};

class StringWriter : public Writer {
public:
    Result<void> write(std::string_view bytes) override
    {
        text.append(bytes);
        return {};
    }
    String text;
};

struct Header {
    String name;
    char type = '0';
    String contents;
    String link;
    unsigned mode = 0644;
    long uid = 0;
    long gid = 0;
    long mtime = 1000000000;
    long size = -1;  // of the contents when not said
    unsigned major = 0;
    unsigned minor = 0;
};

inline void put(String& block, size_t at, std::string_view text)
{
    memcpy(block.data() + at, text.data(), text.size());
}

inline void put_number(String& block, size_t at, size_t width, long value)
{
    put(block, at, str::format("%0*lo", int(width - 1), value));
}

inline void put_checksum(String& block)
{
    put(block, 148, "        ");
    unsigned sum = 0;
    for (unsigned char c : block)
        sum += c;
    put(block, 148, str::format("%06o", sum) + String("\0 ", 2));
}

inline String padded(String text)
{
    text.resize((text.size() + 511) / 512 * 512);
    return text;
}

inline String header_block(const Header& header)
{
    String block(512, '\0');
    put(block, 0, std::string_view(header.name).substr(0, 100));
    put_number(block, 100, 8, header.mode);
    put_number(block, 108, 8, header.uid);
    put_number(block, 116, 8, header.gid);
    put_number(block, 124, 12, header.size >= 0 ? header.size : long(header.contents.size()));
    put_number(block, 136, 12, header.mtime);
    block[156] = header.type;
    put(block, 157, std::string_view(header.link).substr(0, 100));
    put(block, 257, std::string_view("ustar\00000", 8));
    put_number(block, 329, 8, header.major);
    put_number(block, 337, 8, header.minor);
    put_checksum(block);
    return block;
}

inline String entry(const Header& header)
{
    return header_block(header) + padded(header.contents);
}

inline String file(const String& name, const String& contents = "contents")
{
    return entry({.name = name, .contents = contents});
}
inline String directory(const String& name, unsigned mode = 0755)
{
    return entry({.name = name, .type = '5', .mode = mode});
}
inline String symlink(const String& name, const String& target)
{
    return entry({.name = name, .type = '2', .link = target, .mode = 0777});
}
inline String hard_link(const String& name, const String& target)
{
    return entry({.name = name, .type = '1', .link = target});
}

// GNU's long name or link in front of an entry.
inline String longer(char type, const String& name)
{
    return entry({.name = "././@LongLink", .type = type, .contents = name + '\0'});
}

inline String record(const String& key, const String& value)
{
    String rest = " " + key + "=" + value + "\n";
    size_t length = rest.size() + 1;
    while (kist::test::to_text(length).size() + rest.size() > length)
        length++;
    return kist::test::to_text(length) + rest;
}
inline String pax(const String& records, char type = 'x')
{
    return entry({.name = "PaxHeaders/x", .type = type, .contents = records});
}

inline String end()
{
    return String(1024, '\0');
}

}  // namespace kist::archive::test
