// digest.h - SHA-256, and the names of contents made from it ("sha256:9f86d0...").
//
// Uses the processor's SHA instructions where it has them (SHA-NI, ARMv8), BearSSL's portable
// code elsewhere; chosen once, at run time.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/stream.h"
#include "base/string.h"

namespace kist {

// A SHA-256 value.  The only algorithm: an image named by another one is refused (OCI image-spec,
// descriptor.md, "Digests").
struct Digest {
    std::array<uint8_t, 32> bytes{};

    // From "sha256:" and 64 lower-case hex digits; anything else is EINVAL.
    static Result<Digest> parse(std::string_view text);
    static Digest of(std::string_view contents);

    String hex() const;   // 64 digits
    String text() const;  // "sha256:" and 64 digits
    bool operator==(const Digest&) const = default;
};

// Hashes what is added to it.
class Sha256 {
public:
    Sha256();
    void add(std::string_view bytes);
    // The value of all that was added; call once.
    Digest finish();

private:
    void compress(const uint8_t* blocks, size_t count);

    std::array<uint32_t, 8> state_;
    std::array<uint8_t, 64> pending_;
    uint64_t length_ = 0;
};

// Passes `source` on and hashes it on the way; both are borrowed.
class DigestReader : public Reader {
public:
    DigestReader(Reader& source, Sha256& hash) : source_(source), hash_(hash) {}
    Result<std::string_view> next() override
    {
        std::string_view bytes = TRY(source_.next());
        hash_.add(bytes);
        return bytes;
    }

private:
    Reader& source_;
    Sha256& hash_;
};

}  // namespace kist
