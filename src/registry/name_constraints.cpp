// name_constraints.cpp - authorities that may vouch for some names only.
//
// BearSSL refuses the extension where it is critical and passes over it where it is not; here it is
// heeded in either case, for the host that is asked for.

#include "base/string.h"
#include "registry/certificate.h"
#include "registry/der.h"
#include "registry/host_address.h"

namespace kist::registry {

namespace {

constexpr uint8_t kPermitted = 0xa0, kExcluded = 0xa1;
constexpr uint8_t kDnsName = 0x82, kIpAddress = 0x87;

// "example" covers itself and all below it, ".example" what is below it, "" everything.
bool covers_name(std::string_view base, std::string_view host)
{
    String lowered = ".";
    for (char c : base)
        lowered += c >= 'A' && c <= 'Z' ? char(c | 0x20) : c;
    std::string_view below = lowered, name = below.substr(1);
    if (name.empty() || name == host)
        return true;
    return host.ends_with(name[0] == '.' ? name : below);
}

// `base` is an address and a mask.
bool covers_address(std::string_view base, std::string_view address)
{
    if (base.size() != 2 * address.size())
        return false;
    for (size_t i = 0; i < address.size(); i++)
        if ((address[i] ^ base[i]) & base[address.size() + i])
            return false;
    return true;
}

struct Matches {
    bool any_of_kind = false;  // the list says something about this kind of host
    bool covered = false;
};

Matches look_through(Der subtrees, const String& host, std::string_view address)
{
    Matches result;
    while (!subtrees.at_end()) {
        DerElement base = subtrees.enter(der::kSequence).any();
        if (base.tag == kDnsName && address.empty()) {
            result.any_of_kind = true;
            result.covered = result.covered || covers_name(base.contents, host);
        } else if (base.tag == kIpAddress && !address.empty()) {
            result.any_of_kind = true;
            result.covered = result.covered || covers_address(base.contents, address);
        }
    }
    return result;
}

}  // namespace

bool Certificate::may_vouch_for(const String& host) const
{
    if (name_constraints.empty())
        return true;
    HostAddress address(host);
    const char* fault = nullptr;
    Der lists = Der(name_constraints, fault).enter(der::kSequence);
    bool allowed = true;
    if (lists.is(kPermitted)) {
        Matches found = look_through(lists.enter(kPermitted), host, address.bytes());
        allowed = !found.any_of_kind || found.covered;
    }
    if (lists.is(kExcluded))
        allowed = allowed && !look_through(lists.enter(kExcluded), host, address.bytes()).covered;
    return allowed && !fault;
}

}  // namespace kist::registry
