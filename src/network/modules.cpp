// modules.cpp - see modules.h.

#include "network/modules.h"

#include "base/fs.h"
#include "base/process.h"

namespace kist::network {

const char kModulesHint[] =
    "load or build the kernel's modules bridge, veth, nft_ct, nft_nat, nft_masq, nft_chain_nat, "
    "nft_fib_inet (without IPv6 nft_fib_ipv4), for networks of ordinary users nft_tproxy, or use "
    "--network host";

namespace {

// What they need themselves, modprobe knows.
constexpr std::string_view kRelay = " nft_tproxy";
constexpr std::string_view kWords =
    "-qa bridge veth nft_chain_nat nft_nat nft_masq nft_fib_inet nft_ct nft_tproxy";
static_assert(kWords.ends_with(kRelay));

}  // namespace

void load_modules(bool relay)
{
    auto program = fs::read_path("/proc/sys/kernel/modprobe", 4096);
    if (!program)
        return;
    Vector<String> words;
    words.push_back(String(str::trim(*program)));
    for (auto rest = kWords.substr(0, kWords.size() - (relay ? 0 : kRelay.size())); !rest.empty();)
        words.push_back(String(str::cut(rest, ' ')));
    (void)process::run(words);
}

}  // namespace kist::network
