// digest.cpp - SHA-256 (FIPS 180-4), with the processor's own instructions where there are any.
//
// All three ways work on whole blocks and on the same eight words of state, so that the choice is
// made once, by asking the processor, and the rest of the file does not know of it.

#include "base/digest.h"

#include <bearssl.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#include <sys/auxv.h>

#include "base/string.h"
#endif

namespace kist {

void sha256_portable(uint32_t* state, const uint8_t* blocks, size_t count);

namespace {

constexpr size_t kBlock = 64;

using Compress = void (*)(uint32_t* state, const uint8_t* blocks, size_t count);

#if defined(__x86_64__) || defined(__aarch64__)
// clang-format off
alignas(16) constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
// clang-format on
#endif

#if defined(__x86_64__)

// The instructions keep the state as (A B E F) and (C D G H), highest word first; each does two
// rounds.  Twelve of the sixteen steps also make the four message words of the step four later.
[[gnu::target("sha,sse4.1")]] void compress_native(uint32_t* state, const uint8_t* blocks,
                                                   size_t count)
{
    const __m128i kBigEndian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    auto* halves = reinterpret_cast<__m128i*>(state);
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128(halves), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128(halves + 1), 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8);
    __m128i cdgh = _mm_blend_epi16(high, low, 0xf0);

    for (; count > 0; count--, blocks += kBlock) {
        __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i words[4];
        for (int i = 0; i < 4; i++)
            words[i] = _mm_shuffle_epi8(
                _mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks) + i), kBigEndian);
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) {
            __m128i& current = words[i % 4];
            const __m128i* constants = reinterpret_cast<const __m128i*>(kRound) + i;
            __m128i sum = _mm_add_epi32(current, _mm_load_si128(constants));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
            if (i < 12) {
                __m128i last = words[(i + 3) % 4];
                __m128i seventh = _mm_alignr_epi8(last, words[(i + 2) % 4], 4);
                __m128i next = _mm_sha256msg1_epu32(current, words[(i + 1) % 4]);
                current = _mm_sha256msg2_epu32(_mm_add_epi32(next, seventh), last);
            }
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }

    low = _mm_shuffle_epi32(abef, 0x1b);
    high = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128(halves, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128(halves + 1, _mm_alignr_epi8(high, low, 8));
}

bool has_native()
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

#elif defined(__aarch64__)

[[gnu::target("sha2")]] void compress_native(uint32_t* state, const uint8_t* blocks, size_t count)
{
    uint32x4_t abcd = vld1q_u32(state);
    uint32x4_t efgh = vld1q_u32(state + 4);

    for (; count > 0; count--, blocks += kBlock) {
        uint32x4_t abcd_before = abcd, efgh_before = efgh;
        uint32x4_t words[4];
        for (int i = 0; i < 4; i++)
            words[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks + 16 * i)));
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) {
            uint32x4_t& current = words[i % 4];
            uint32x4_t sum = vaddq_u32(current, vld1q_u32(kRound + 4 * i));
            uint32x4_t abcd_now = abcd;
            abcd = vsha256hq_u32(abcd, efgh, sum);
            efgh = vsha256h2q_u32(efgh, abcd_now, sum);
            if (i < 12)
                current = vsha256su1q_u32(vsha256su0q_u32(current, words[(i + 1) % 4]),
                                          words[(i + 2) % 4], words[(i + 3) % 4]);
        }
        abcd = vaddq_u32(abcd, abcd_before);
        efgh = vaddq_u32(efgh, efgh_before);
    }

    vst1q_u32(state, abcd);
    vst1q_u32(state + 4, efgh);
}

bool has_native()
{
    constexpr unsigned long kSha2 = 1 << 6;  // HWCAP_SHA2 of <asm/hwcap.h>
    return getauxval(AT_HWCAP) & kSha2;
}

#else

constexpr Compress compress_native = sha256_portable;
bool has_native()
{
    return false;
}

#endif

int value_of(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

}  // namespace

// BearSSL has no public function for a block, but one to set and get the state between blocks.
// Not hidden in this file: a test compares it with the processor's way.
void sha256_portable(uint32_t* state, const uint8_t* blocks, size_t count)
{
    uint8_t words[32];
    for (size_t i = 0; i < 8; i++)
        for (size_t byte = 0; byte < 4; byte++)
            words[4 * i + byte] = static_cast<uint8_t>(state[i] >> (24 - 8 * byte));
    br_sha256_context context;
    br_sha256_init(&context);
    br_sha256_set_state(&context, words, 0);
    br_sha256_update(&context, blocks, count * kBlock);
    br_sha256_state(&context, words);
    for (size_t i = 0; i < 8; i++)
        state[i] = uint32_t(words[4 * i]) << 24 | uint32_t(words[4 * i + 1]) << 16 |
                   uint32_t(words[4 * i + 2]) << 8 | words[4 * i + 3];
}

Result<Digest> Digest::parse(std::string_view text)
{
    constexpr std::string_view kPrefix = "sha256:";
    constexpr size_t kShown = 80;  // of a text that may be anything
    auto refused = [&] {
        return Error(EINVAL, "\"%.*s\" is not a digest (sha256: and 64 lower-case hex digits)",
                     int(std::min(text.size(), kShown)), text.data());
    };
    Digest digest;
    if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 2 * digest.bytes.size())
        return refused();
    std::string_view digits = text.substr(kPrefix.size());
    for (size_t i = 0; i < digest.bytes.size(); i++) {
        int high = value_of(digits[2 * i]), low = value_of(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return refused();
        digest.bytes[i] = static_cast<uint8_t>(high << 4 | low);
    }
    return digest;
}

Digest Digest::of(std::string_view contents)
{
    Sha256 hash;
    hash.add(contents);
    return hash.finish();
}

String Digest::hex() const
{
    String digits;
    for (uint8_t byte : bytes) {
        digits += "0123456789abcdef"[byte >> 4];
        digits += "0123456789abcdef"[byte & 15];
    }
    return digits;
}

String Digest::text() const
{
    return "sha256:" + hex();
}

Sha256::Sha256()
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}
{
}

void Sha256::compress(const uint8_t* blocks, size_t count)
{
    static constinit std::atomic<Compress> g_chosen = nullptr;  // a guard would be larger
    Compress chosen = g_chosen.load(std::memory_order_relaxed);
    if (!chosen) {
        chosen = has_native() ? compress_native : sha256_portable;
        g_chosen.store(chosen, std::memory_order_relaxed);
    }
    chosen(state_.data(), blocks, count);
}

void Sha256::add(std::string_view bytes)
{
    if (bytes.empty())
        return;
    size_t held = length_ % kBlock;
    length_ += bytes.size();
    if (held > 0) {
        size_t taken = std::min(bytes.size(), kBlock - held);
        memcpy(pending_.data() + held, bytes.data(), taken);
        bytes.remove_prefix(taken);
        if (held + taken < kBlock)
            return;
        compress(pending_.data(), 1);
    }
    size_t whole = bytes.size() / kBlock;
    if (whole > 0)
        compress(reinterpret_cast<const uint8_t*>(bytes.data()), whole);
    bytes.remove_prefix(whole * kBlock);
    memcpy(pending_.data(), bytes.data(), bytes.size());
}

Digest Sha256::finish()
{
    // A one bit, zeros, and the length in bits, up to the end of a block.
    uint64_t bits = length_ * 8;
    uint8_t tail[kBlock + 8] = {0x80};
    size_t zeros = (2 * kBlock - 9 - length_ % kBlock) % kBlock + 1;
    for (size_t i = 0; i < 8; i++)
        tail[zeros + i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
    add({reinterpret_cast<const char*>(tail), zeros + 8});

    Digest digest;
    for (size_t i = 0; i < digest.bytes.size(); i++)
        digest.bytes[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
}

}  // namespace kist
