// tar_builder.h - archives for tests, honest and otherwise.

#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "base/str.h"
#include "base/stream.h"

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
    std::string text;
};

struct Header {
    std::string name;
    char type = '0';
    std::string contents;
    std::string link;
    unsigned mode = 0644;
    long uid = 0;
    long gid = 0;
    long mtime = 1000000000;
    long size = -1;  // of the contents when not said
    unsigned major = 0;
    unsigned minor = 0;
};

inline void put(std::string& block, size_t at, std::string_view text)
{
    memcpy(block.data() + at, text.data(), text.size());
}

inline void put_number(std::string& block, size_t at, size_t width, long value)
{
    put(block, at, str::format("%0*lo", int(width - 1), value));
}

inline void put_checksum(std::string& block)
{
    put(block, 148, "        ");
    unsigned sum = 0;
    for (unsigned char c : block)
        sum += c;
    put(block, 148, str::format("%06o", sum) + std::string("\0 ", 2));
}

inline std::string padded(std::string text)
{
    text.resize((text.size() + 511) / 512 * 512);
    return text;
}

inline std::string header_block(const Header& header)
{
    std::string block(512, '\0');
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

inline std::string entry(const Header& header)
{
    return header_block(header) + padded(header.contents);
}

inline std::string file(const std::string& name, const std::string& contents = "contents")
{
    return entry({.name = name, .contents = contents});
}
inline std::string directory(const std::string& name, unsigned mode = 0755)
{
    return entry({.name = name, .type = '5', .mode = mode});
}
inline std::string symlink(const std::string& name, const std::string& target)
{
    return entry({.name = name, .type = '2', .link = target, .mode = 0777});
}
inline std::string hard_link(const std::string& name, const std::string& target)
{
    return entry({.name = name, .type = '1', .link = target});
}

// GNU's long name or link in front of an entry.
inline std::string longer(char type, const std::string& name)
{
    return entry({.name = "././@LongLink", .type = type, .contents = name + '\0'});
}

inline std::string record(const std::string& key, const std::string& value)
{
    std::string rest = " " + key + "=" + value + "\n";
    size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() > length)
        length++;
    return std::to_string(length) + rest;
}
inline std::string pax(const std::string& records, char type = 'x')
{
    return entry({.name = "PaxHeaders/x", .type = type, .contents = records});
}

inline std::string end()
{
    return std::string(1024, '\0');
}

}  // namespace kist::archive::test
