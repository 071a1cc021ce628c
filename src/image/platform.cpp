// platform.cpp - what machine an image is for (OCI image-spec, image-index.md, "platform").
//
// Names and fall-backs follow containerd, so that the same image is chosen from an index as by
// docker: an arm of a version runs what is made for lower ones, an amd64 of a micro-architecture
// level too, and arm64 is "v8" where nothing else is said.

#include <sys/utsname.h>

#include <algorithm>

#include "base/log.h"
#include "base/str.h"
#include "base/string.h"
#include "image/config.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

namespace kist::image {

namespace {

constexpr size_t kMaxPart = 64;

struct Spelling {
    std::string_view other, architecture, variant;
};

// clang-format off
constexpr Spelling kSpellings[] = {
    {"aarch64", "arm64", "v8"},
    {"armel",   "arm",   "v6"},
    {"armhf",   "arm",   "v7"},
    {"i386",    "386",   ""},
    {"i686",    "386",   ""},
    {"x86-64",  "amd64", ""},
    {"x86_64",  "amd64", ""},
};
constexpr std::string_view kSystems[] = {"darwin", "freebsd", "linux", "windows"};
// clang-format on

bool is_part(std::string_view text)
{
    for (char c : text)
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
            return false;
    return !text.empty() && text.size() <= kMaxPart;
}

String lower(std::string_view text)
{
    String result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return result;
}

// "v7" is 7, "" and what is no version are 0.
int version_of(std::string_view variant)
{
    if (variant.size() == 2 && variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9')
        return variant[1] - '0';
    return 0;
}

#ifdef __x86_64__
// The levels of the x86-64 psABI, as far as images are built for them.  Whether the kernel saves
// the AVX registers is asked by XGETBV (Intel SDM, volume 1, chapter 14.3).
int processor_level()
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return 1;
    constexpr unsigned kSecond =
        bit_SSE3 | bit_SSSE3 | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT | bit_CMPXCHG16B;
    constexpr unsigned kThird = bit_AVX | bit_FMA | bit_F16C | bit_MOVBE | bit_OSXSAVE;
    unsigned features = c;
    if ((features & kSecond) != kSecond)
        return 1;
    if ((features & kThird) != kThird || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return 2;
    constexpr unsigned kThirdMore = bit_AVX2 | bit_BMI | bit_BMI2;
    if ((b & kThirdMore) != kThirdMore)
        return 2;
    unsigned state = 0, high = 0;
    __asm__("xgetbv" : "=a"(state), "=d"(high) : "c"(0));
    return (state & 6) == 6 ? 3 : 2;
}
#endif

}  // namespace

void Platform::normalise()
{
    os = lower(os);
    if (os == "macos")
        os = "darwin";
    architecture = lower(architecture);
    variant = lower(variant);
    for (const Spelling& spelling : kSpellings) {
        if (architecture != spelling.other)
            continue;
        architecture = spelling.architecture;
        if (variant.empty())
            variant = spelling.variant;
    }
    if (variant.size() == 1 && variant[0] >= '1' && variant[0] <= '9')
        variant = "v" + variant;
    if (architecture == "arm" && variant.empty())
        variant = "v7";
    if (architecture == "arm64" && variant.empty())
        variant = "v8";
    if (architecture == "amd64" && variant == "v1")
        variant.clear();
}

Result<Platform> Platform::parse(std::string_view text)
{
    Platform platform = host();
    Error wrong(EINVAL, "\"%.*s\" is not a platform",
                static_cast<int>(std::min<size_t>(text.size(), 80)), text.data());
    wrong = std::move(wrong).with_hint("write OS/ARCHITECTURE[/VARIANT], for example linux/arm/v7");

    String whole = lower(text);
    std::string_view rest = whole;
    std::string_view parts[3];
    size_t count = 0;
    for (; !rest.empty() || (count > 0 && whole.ends_with('/')); count++) {
        if (count == 3)
            return wrong;
        parts[count] = str::cut(rest, '/');
        if (!is_part(parts[count]))
            return wrong;
    }
    if (count == 0)
        return wrong;
    if (count == 1) {
        for (std::string_view system : kSystems) {
            if (parts[0] != system)
                continue;
            platform.os = system;
            return platform;
        }
        platform = {.architecture = String(parts[0])};
    } else {
        platform = {
            .os = String(parts[0]), .architecture = String(parts[1]), .variant = String(parts[2])};
    }
    platform.normalise();
    return platform;
}

Platform Platform::host()
{
    Platform platform;
#if defined(__x86_64__)
    platform.architecture = "amd64";
    if (int level = processor_level(); level > 1)
        platform.variant = str::format("v%d", level);
#elif defined(__aarch64__)
    platform.architecture = "arm64";
    platform.variant = "v8";
#else
    // A 32-bit arm: uname says "armv7l", or "armv8l" and "aarch64" below a 64-bit kernel.
    struct utsname names = {};
    ::uname(&names);
    std::string_view machine = names.machine;
    platform.architecture = "arm";
    platform.variant = machine.starts_with("armv") ? "v" + String(machine.substr(4, 1)) : "v8";
#endif
    return platform;
}

String Platform::text() const
{
    String text = os + "/" + architecture;
    return variant.empty() ? text : text + "/" + variant;
}

int Platform::distance(const Platform& image) const
{
    if (os != image.os || architecture != image.architecture)
        return -1;
    if (variant == image.variant)
        return 0;
    int wanted = version_of(variant), made_for = version_of(image.variant);
    if (architecture == "amd64") {
        wanted = std::max(wanted, 1);
        made_for = std::max(made_for, 1);
    }
    if (wanted == 0 || made_for == 0)
        return variant.empty() ? 1 : -1;
    // A 64-bit arm of version 9 runs all of version 8; "v8.1" and the like are no versions here.
    return made_for <= wanted ? wanted - made_for : -1;
}

Result<void> check_platform(const Platform& wanted, bool explicitly, const Platform& found)
{
    if (wanted.distance(found) >= 0)
        return {};
    if (explicitly && (wanted.os != found.os || wanted.architecture != found.architecture))
        return Error(ENOENT, "there is no image for %s; there is: %s", wanted.text().c_str(),
                     found.text().c_str());
    log::warn("the image is for %s, this machine is %s", found.text().c_str(),
              wanted.text().c_str());
    return {};
}

}  // namespace kist::image
