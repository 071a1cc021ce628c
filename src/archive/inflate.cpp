// inflate.cpp - gzip members read with ISA-L's inflate.
//
// ISA-L decodes and checks the trailer of a member (CRC-32 and length); the header in front of it
// is read here, byte by byte, because ISA-L neither limits it nor says what is wrong with it.  One
// object holds all the memory a stream needs: the decoder's state (about 90 KB, its history window
// included) and one output buffer.

#include "archive/inflate.h"

#include <crc.h>
#include <igzip_lib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/string.h"

namespace kist::archive {

namespace {

// Small enough to be still in the cache when it is hashed and written, large enough that ISA-L's
// copy of the last 32 KB from call to call does not count.
constexpr size_t kOutput = 128 << 10;
constexpr size_t kMaxHeader = 128 << 10;  // the extra field has 64 KB at most, the texts no limit

// RFC 1952, section 2.3.1
constexpr uint8_t kHeaderCrc = 2, kExtra = 4, kName = 8, kComment = 16, kReserved = 0xe0;

class Gunzip : public Reader {
public:
    explicit Gunzip(Reader& source) : source_(source) {}

    Result<std::string_view> next() override
    {
        size_t made = 0;
        while (made < kOutput && !ended_) {
            if (!in_member_) {
                TRY(begin_member());
                if (ended_)
                    break;
            }
            made += TRY(decode(made));
        }
        return std::string_view(reinterpret_cast<const char*>(output_), made);
    }

private:
    // Puts more of the member behind the `made` bytes of output; returns how many.
    Result<size_t> decode(size_t made)
    {
        size_t room = kOutput - made;
        state_.next_out = output_ + made;
        state_.avail_out = static_cast<uint32_t>(room);
        state_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(input_.data()));
        size_t given = std::min<size_t>(input_.size(), 1 << 30);
        state_.avail_in = static_cast<uint32_t>(given);
        int outcome = isal_inflate(&state_);
        if (outcome == ISAL_INCORRECT_CHECKSUM)
            return Error(EBADMSG, "the gzip checksum does not match its data");
        if (outcome != ISAL_DECOMP_OK)
            return Error(EBADMSG, "the gzip data is damaged");
        input_.remove_prefix(given - state_.avail_in);
        if (state_.block_state == ISAL_BLOCK_FINISH)
            in_member_ = false;
        else if (state_.avail_out > 0 && input_.empty() && !TRY(refill()))
            return ends_early();
        return room - state_.avail_out;
    }

    // Reads a member's header; the end of the source in its place is the end of the stream.
    Result<void> begin_member()
    {
        if (input_.empty() && !TRY(refill())) {
            ended_ = true;
            return members_ > 0 ? Result<void>() : ends_early();
        }
        header_crc_ = 0;
        header_size_ = 0;
        if (TRY(byte()) != 0x1f || TRY(byte()) != 0x8b)
            return Error(EBADMSG, members_ > 0 ? "there is something else behind the gzip data"
                                               : "not gzip data");
        if (TRY(byte()) != 8)
            return Error(EBADMSG, "the gzip data uses an unknown method");
        uint8_t flags = TRY(byte());
        if (flags & kReserved)
            return Error(EBADMSG, "the gzip header uses unknown flags");
        TRY(skip(6));  // time, extra flags, system
        if (flags & kExtra) {
            unsigned low = TRY(byte());
            unsigned high = TRY(byte());
            TRY(skip(high << 8 | low));
        }
        if (flags & kName)
            TRY(skip_text());
        if (flags & kComment)
            TRY(skip_text());
        if (flags & kHeaderCrc)
            TRY(check_header_crc());

        isal_inflate_init(&state_);
        state_.crc_flag = ISAL_GZIP_NO_HDR_VER;
        in_member_ = true;
        members_++;
        return {};
    }

    Result<void> check_header_crc()
    {
        unsigned expected = header_crc_ & 0xffff;
        unsigned low = TRY(byte());
        unsigned high = TRY(byte());
        if ((high << 8 | low) != expected)
            return Error(EBADMSG, "the gzip header is damaged");
        return {};
    }

    Result<uint8_t> byte()
    {
        if (input_.empty() && !TRY(refill()))
            return ends_early();
        if (++header_size_ > kMaxHeader)
            return Error(EBADMSG, "the gzip header is longer than %zu bytes", kMaxHeader);
        auto value = static_cast<uint8_t>(input_.front());
        input_.remove_prefix(1);
        header_crc_ = crc32_gzip_refl(header_crc_, &value, 1);
        return value;
    }

    Result<void> skip(unsigned count)
    {
        for (; count > 0; count--)
            TRY(byte());
        return {};
    }

    Result<void> skip_text()
    {
        while (TRY(byte()) != 0) {
        }
        return {};
    }

    // False when the source has ended.
    Result<bool> refill()
    {
        input_ = TRY(source_.next());
        return !input_.empty();
    }

    static Error ends_early() { return Error(EBADMSG, "the gzip data ends early"); }

    Reader& source_;
    std::string_view input_;
    bool in_member_ = false;
    bool ended_ = false;
    uint64_t members_ = 0;
    uint32_t header_crc_ = 0;
    size_t header_size_ = 0;
    inflate_state state_;
    uint8_t output_[kOutput];
};

// The bytes that were looked at, then the rest of the source.
class Rewound : public Reader {
public:
    explicit Rewound(Reader& source) : source_(source) {}

    // Reads until `count` bytes are held or the source ends.
    Result<std::string_view> look(size_t count)
    {
        while (held_.size() < count) {
            std::string_view bytes = TRY(source_.next());
            if (bytes.empty())
                break;
            held_.append(bytes);
        }
        return std::string_view(held_);
    }

    Result<std::string_view> next() override
    {
        if (!std::exchange(given_, true) && !held_.empty())
            return std::string_view(held_);
        if (held_.capacity() > 64)
            held_ = String();
        return source_.next();
    }
    Result<uint64_t> skip_over(uint64_t most) override
    {
        return given_ ? source_.skip_over(most) : Result<uint64_t>(uint64_t(0));
    }

private:
    Reader& source_;
    String held_;
    bool given_ = false;
};

class OwnedGunzip : public Reader {
public:
    explicit OwnedGunzip(std::unique_ptr<Reader> source)
        : source_(std::move(source)), gunzip_(*source_)
    {
    }
    Result<std::string_view> next() override { return gunzip_.next(); }

private:
    std::unique_ptr<Reader> source_;
    Gunzip gunzip_;
};

struct Format {
    std::string_view magic;
    const char* name;
};

// clang-format off
constexpr Format kRefused[] = {
    {"BZh",              "bzip2"},
    {"\xfd" "7zXZ",      "xz"},
    {"\x28\xb5\x2f\xfd", "zstd"},
};
// clang-format on

}  // namespace

std::unique_ptr<Reader> gunzip(Reader& source)
{
    return std::unique_ptr<Reader>(new Gunzip(source));
}

const char* refused_format(std::string_view start)
{
    for (const Format& format : kRefused)
        if (start.starts_with(format.magic))
            return format.name;
    return nullptr;
}

Result<std::unique_ptr<Reader>> decompress(Reader& source)
{
    auto rewound = std::make_unique<Rewound>(source);
    std::string_view start = TRY(rewound->look(6));
    if (const char* name = refused_format(start))
        return Error(EBADMSG, "it is compressed with %s", name)
            .with_hint(
                "only gzip and plain layers are understood; push the image again "
                "with gzip layers");
    if (!start.starts_with("\x1f\x8b"))
        return std::unique_ptr<Reader>(std::move(rewound));
    return std::unique_ptr<Reader>(new OwnedGunzip(std::move(rewound)));
}

}  // namespace kist::archive
