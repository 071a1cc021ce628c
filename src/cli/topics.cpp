// topics.cpp - see topics.h.  README.md has the same pictures; a test compares them.

#include "cli/topics.h"

namespace kist::cli {
namespace {

// clang-format off
constexpr Topic kTopics[] = {
    {"networking", "Networks of containers"_help,
".SH\n"
"THE TWO PATHS\n"
"As root the kernel forwards, and nothing of kist's is in the way:\n"
".nf\n"
"\n"
"    container                     this machine\n"
"    +--------+\n"
"    |web eth0|-- veth --+   nftables table \"kist\": isolation,\n"
"    +--------+          |   masquerade, published ports\n"
"                   bridge br-... ----- forward ----- eth0 --> others\n"
"    +--------+          |\n"
"    |db  eth0|-- veth --+\n"
"    +--------+\n"
"\n"
".fi\n"
"An ordinary user has the same in a network namespace, the gateway. What leaves\n"
"a bridge ends at a socket there; the user's agent opens the one that was meant\n"
"on this machine and passes the bytes on:\n"
".nf\n"
"\n"
"    container     the user's gateway namespace    this machine\n"
"    +--------+                                .\n"
"    |web eth0|-- veth --+   table \"kist\":     .\n"
"    +--------+          |   isolation, TPROXY .\n"
"                   bridge br-... --> socket ==agent== socket --> others\n"
"    +--------+          |                  splice(2)\n"
"    |db  eth0|-- veth --+                     .    <-- published ports\n"
"    +--------+                                .\n"
"\n"
".fi\n"
"The sockets are of TCP, UDP and ping; other protocols do not get out.\n"
".SH\n"
"NETWORKS\n"
"A container is on the network \"bridge\", unless --network says host (this\n"
"machine's), none, container:NAME (that of another), or once or more the name\n"
"of one that \"kist network create\" made.\n"
".SH\n"
"NAMES\n"
"On a network that was created, containers find each other by name,\n"
"--network-alias and short id; on \"bridge\" they do not. The name server is\n"
"127.0.0.11 in each container. All else it asks those of this machine's\n"
"/etc/resolv.conf or of --dns.\n"
".SH\n"
"PUBLISHED PORTS\n"
".nf\n"
"    -p 8080:80  -p 127.0.0.1:8080:80/udp  -p 8000-8010:80  -p 80  -P\n"
"\n"
".fi\n"
"They are reached from other machines, this one and containers; \"kist port\"\n"
"lists them. The program has to listen on all addresses in its container, not\n"
"on 127.0.0.1. It sees the client's own address, but the gateway's for clients\n"
"of this machine's loopback and at ports that are relayed for root. An ordinary\n"
"user's begin at 1024, unless root sets net.ipv4.ip_unprivileged_port_start=80.\n"
".SH\n"
"ISOLATION\n"
"Containers of different networks reach each other by published ports only. A\n"
"network made with --internal has no way out, and no names but the neighbours';\n"
"with -o com.docker.network.bridge.enable_icc=false these do not reach each\n"
"other. This machine's 127.0.0.1 is not reached; with --allow-host-loopback an\n"
"ordinary user's container has it at the gateway's address.\n"
".SH\n"
"IPV6\n"
"Networks made with --ipv6 have it. On others IPv6 clients are seen as the\n"
"gateway; root publishes for them with -p [::]:8080:80.\n"
".SH\n"
"WHAT THE KERNEL NEEDS\n"
"\"kist check\" tries it, and says how to get what is missing:\n"
".nf\n"
"\n"
"    bridge         bridge, veth\n"
"    nf_tables      nft_ct, nft_nat, nft_masq, nft_chain_nat,\n"
"                   nft_fib_inet\n"
"    user networks  the same, nft_tproxy, packet sockets, user namespaces\n"
"    ping           the user's group in net.ipv4.ping_group_range\n"
"\n"
".fi\n"
"Without nf_tables root's containers have no way out, but neighbours and\n"
"published ports, which are relayed; an ordinary user's have --network host.\n"
"Where AppArmor restricts user namespaces (Ubuntu), kist needs a profile in\n"
"/etc/apparmor.d, loaded by apparmor_parser -r:\n"
".nf\n"
"\n"
"    abi <abi/4.0>,\n"
"    profile kist /usr/local/bin/kist flags=(unconfined) { userns, }\n"
".SH\n"
"FIREWALLS\n"
"The rules are in the table \"inet kist\", an ordinary user's in the gateway.\n"
"Another firewall that drops what is forwarded drops it for root's containers,\n"
"too: \"kist info\" says what to add to it. After \"nft flush ruleset\" restart the\n"
"containers.\n"
".SH\n"
"WHEN SOMETHING DOES NOT WORK\n"
".nf\n"
"    kist check                        what the kernel lacks\n"
"    kist info                         firewalls, and what is set\n"
"    kist network inspect NETWORK      its subnet, gateway and containers\n"
"    kist port CONTAINER               what is published, and where\n"
"    kist exec CONTAINER ping GATEWAY  whether there is a link\n"_help},
};
// clang-format on

}  // namespace

std::span<const Topic> topics()
{
    return kTopics;
}

const Topic* find_topic(std::string_view name)
{
    for (const Topic& topic : kTopics)
        if (name == topic.name)
            return &topic;
    return nullptr;
}

}  // namespace kist::cli
