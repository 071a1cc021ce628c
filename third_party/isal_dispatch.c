// isal_dispatch.c - picks ISA-L's routines for this CPU, for inflate alone.
//
// ISA-L's own dispatchers name every routine of the library, so the linker would keep all of them.
// Here are the three entry points that igzip_inflate.c calls, each with the best of the routines
// that this program carries.  The choice is made at every call (a predictable branch on a cached
// word): the calls are per block of data, not per byte.

#include <stdint.h>

#include "crc.h"
#include "igzip_checksums.h"
#include "igzip_lib.h"

int decode_huffman_code_block_stateless_base(struct inflate_state*, uint8_t*);
uint32_t crc32_gzip_refl_base(uint32_t, uint8_t*, uint64_t);
uint32_t adler32_base(uint32_t, uint8_t*, uint64_t);

// A header longer than any input: inflate then never compares with the header that igzip's own
// compressor would write, whose tables are left out (NO_STATIC_INFLATE_H).
struct isal_hufftables hufftables_default = {.deflate_hdr_count = UINT32_MAX};

enum { kUnknown = 0, kBase = 1, kFirst = 2, kSecond = 3 };

#if defined(__x86_64__)
#include <cpuid.h>

int decode_huffman_code_block_stateless_01(struct inflate_state*, uint8_t*);
int decode_huffman_code_block_stateless_04(struct inflate_state*, uint8_t*);
uint32_t crc32_gzip_refl_by8(uint32_t, uint8_t*, uint64_t);
#define DECODE_FIRST decode_huffman_code_block_stateless_01
#define DECODE_SECOND decode_huffman_code_block_stateless_04
#define CRC_FIRST crc32_gzip_refl_by8

// Westmere (SSE4.2, PCLMULQDQ) is the first level, Haswell (BMI2, AVX2 with the system's consent)
// the second, as in ISA-L's multibinary.asm.
static int find_level(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_2) || !(c & bit_PCLMUL))
        return kBase;
    if (!(c & bit_OSXSAVE) || !(c & bit_AVX))
        return kFirst;
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 6) != 6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return kFirst;
    return (b & bit_AVX2) && (b & bit_BMI) && (b & bit_BMI2) ? kSecond : kFirst;
}
#elif defined(__aarch64__)
#include <sys/auxv.h>

int decode_huffman_code_block_stateless_aarch64(struct inflate_state*, uint8_t*);
uint32_t crc32_gzip_refl_crc_ext(uint32_t, uint8_t*, uint64_t);
#define DECODE_FIRST decode_huffman_code_block_stateless_aarch64
#define DECODE_SECOND decode_huffman_code_block_stateless_aarch64
#define CRC_FIRST crc32_gzip_refl_crc_ext

static int find_level(void)
{
    const unsigned long kCrc32 = 1ul << 7;  // HWCAP_CRC32
    return getauxval(AT_HWCAP) & kCrc32 ? kFirst : kBase;
}
#else
#error "ISA-L is built for x86_64 and aarch64 only"
#endif

static int level(void)
{
    // Threads may find it at the same time; they find the same.
    static int found;
    int now = __atomic_load_n(&found, __ATOMIC_RELAXED);
    if (now == kUnknown) {
        now = find_level();
        __atomic_store_n(&found, now, __ATOMIC_RELAXED);
    }
    return now;
}

int decode_huffman_code_block_stateless(struct inflate_state* state, uint8_t* start)
{
    switch (level()) {
        case kSecond: return DECODE_SECOND(state, start);
        case kFirst: return DECODE_FIRST(state, start);
        default: return decode_huffman_code_block_stateless_base(state, start);
    }
}

uint32_t crc32_gzip_refl(uint32_t seed, const unsigned char* data, uint64_t size)
{
    if (level() == kBase)
        return crc32_gzip_refl_base(seed, (uint8_t*)data, size);
    return CRC_FIRST(seed, (uint8_t*)data, size);
}

// Adler-32 belongs to zlib's format, which no image layer uses; the plain version serves.
uint32_t isal_adler32_bam1(uint32_t seed, const unsigned char* data, uint64_t size)
{
    uint32_t sum =
        adler32_base((seed & 0xffff0000) | ((seed & 0xffff) + 1) % 65521, (uint8_t*)data, size);
    return (sum & 0xffff0000) | ((sum & 0xffff) + 65520) % 65521;
}

void isal_gzip_header_init(struct isal_gzip_header* header)
{
    *header = (struct isal_gzip_header){.os = 255};  // RFC 1952: unknown
}
