// udp_batch.cpp - several datagrams at a time.

#include "network/udp_batch.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kist::network {

namespace {

constexpr size_t kMaxDatagram = 65535;
constexpr size_t kMaxJoined = 60000;  // with headers less than the largest packet
// Of one to the next: the same places of all are to be in different lines of the processor's cache.
constexpr size_t kStride = 65536 + 25 * 64;

// What a control message says; false: there is none of that type, or it is of another size.
bool find_control(const msghdr& message, int level, int type, void* info, size_t size)
{
    // Not by CMSG_NXTHDR, in which musl compares numbers with and without a sign.
    auto* at = static_cast<const char*>(message.msg_control);
    auto* end = at + message.msg_controllen;
    cmsghdr header;
    for (; end - at >= ssize_t(sizeof header); at += CMSG_ALIGN(header.cmsg_len)) {
        memcpy(&header, at, sizeof header);
        if (header.cmsg_level == level && header.cmsg_type == type &&
            header.cmsg_len == CMSG_LEN(size)) {
            memcpy(info, at + CMSG_LEN(0), size);
            return true;
        }
    }
    return false;
}

// Returns how much of `control` it takes.
size_t put_control(char* control, int level, int type, const void* info, size_t size)
{
    cmsghdr header{};
    header.cmsg_len = CMSG_LEN(size);
    header.cmsg_level = level;
    header.cmsg_type = type;
    memcpy(control, &header, sizeof header);
    memcpy(control + CMSG_LEN(0), info, size);
    return CMSG_SPACE(size);
}

}  // namespace

UdpBatch::UdpBatch()
{
    void* memory = ::mmap(nullptr, kSize * kStride, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    bytes_ = memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
}

UdpBatch::~UdpBatch()
{
    if (bytes_)
        ::munmap(bytes_, kSize * kStride);
}

void UdpBatch::keep_addresses(const Fd& socket, bool six)
{
    int on = 1;
    (void)::setsockopt(socket.get(), six ? SOL_IPV6 : SOL_IP, six ? IPV6_RECVPKTINFO : IP_PKTINFO,
                       &on, sizeof on);
}

int UdpBatch::receive(const Fd& socket, bool named)
{
    for (int i = 0; i < kSize; i++) {
        parts_[i] = {bytes_ + i * kStride, kMaxDatagram};
        messages_[i] = {};
        msghdr& message = messages_[i].msg_hdr;
        message.msg_iov = &parts_[i];
        message.msg_iovlen = 1;
        if (!named)
            continue;
        message.msg_name = &names_[i];
        message.msg_namelen = sizeof names_[i];
        message.msg_control = controls_[i].bytes;
        message.msg_controllen = sizeof controls_[i].bytes;
    }
    int count = ::recvmmsg(socket.get(), messages_, kSize, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < count; i++)
        parts_[i].iov_len = messages_[i].msg_len;
    return count < 0 ? -errno : count;
}

SocketAddress UdpBatch::to(int index) const
{
    const msghdr& message = messages_[index].msg_hdr;
    sockaddr_storage name{};
    auto& six = reinterpret_cast<sockaddr_in6&>(name);
    auto& four = reinterpret_cast<sockaddr_in&>(name);
    in_pktinfo info4;
    in6_pktinfo info6;
    if (find_control(message, SOL_IP, IP_ORIGDSTADDR, &four, sizeof four) ||
        find_control(message, SOL_IPV6, IPV6_ORIGDSTADDR, &six, sizeof six))
        return SocketAddress::of(name);
    if (find_control(message, SOL_IPV6, IPV6_PKTINFO, &info6, sizeof info6)) {
        six.sin6_family = AF_INET6;
        six.sin6_addr = info6.ipi6_addr;
    } else if (find_control(message, SOL_IP, IP_PKTINFO, &info4, sizeof info4)) {
        four.sin_family = AF_INET;
        four.sin_addr = info4.ipi_spec_dst;
    }
    return SocketAddress::of(name);
}

UdpRoute UdpBatch::back(int index, bool six) const
{
    const msghdr& message = messages_[index].msg_hdr;
    UdpRoute route{};
    route.name = names_[index];
    route.size = message.msg_namelen;
    in_pktinfo info4;
    in6_pktinfo info6;
    if (six && find_control(message, SOL_IPV6, IPV6_PKTINFO, &info6, sizeof info6)) {
        // By which link routes say, where not each link has the same addresses.
        if (!IN6_IS_ADDR_LINKLOCAL(&info6.ipi6_addr))
            info6.ipi6_ifindex = 0;
        route.control_size =
            put_control(route.control, SOL_IPV6, IPV6_PKTINFO, &info6, sizeof info6);
    } else if (!six && find_control(message, SOL_IP, IP_PKTINFO, &info4, sizeof info4)) {
        info4.ipi_ifindex = 0;
        route.control_size = put_control(route.control, SOL_IP, IP_PKTINFO, &info4, sizeof info4);
    }
    return route;
}

std::string_view UdpBatch::payload(int index) const
{
    return {static_cast<const char*>(parts_[index].iov_base), parts_[index].iov_len};
}

// How many from `first` on may go as the segments of one: they are of one size, and the last may be
// smaller.
int UdpBatch::alike(int first, int last) const
{
    size_t size = parts_[first].iov_len, sum = size;
    int i = first + 1;
    while (i < last && size && parts_[i - 1].iov_len == size && parts_[i].iov_len &&
           parts_[i].iov_len <= size && (sum += parts_[i].iov_len) <= kMaxJoined)
        i++;
    return i - first;
}

// As one that the kernel, or the network card, takes apart again (udp(7), UDP_SEGMENT): what
// costs is the way through the kernel.
bool UdpBatch::send_joined(const Fd& socket, int first, int count)
{
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))] = {};
    auto size = static_cast<uint16_t>(parts_[first].iov_len);
    msghdr message{};
    message.msg_iov = &parts_[first];
    message.msg_iovlen = count;
    message.msg_control = control;
    message.msg_controllen = put_control(control, SOL_UDP, UDP_SEGMENT, &size, sizeof size);
    return ::sendmsg(socket.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

int UdpBatch::send(const Fd& socket, int first, int last, UdpRoute* route)
{
    for (int i = first; i < last; i++) {
        msghdr& message = messages_[i].msg_hdr;
        message.msg_name = route ? &route->name : nullptr;
        message.msg_namelen = route ? route->size : 0;
        message.msg_control = route ? route->control : nullptr;
        message.msg_controllen = route ? route->control_size : 0;
    }
    int error = 0, alone = first;  // up to where they go one by one
    bool again = true;
    while (first < last) {
        int count = alone > first ? alone - first : alike(first, last);
        bool joined = alone <= first && !route && count > 1;
        if (joined && send_joined(socket, first, count)) {
            first += count;
            continue;
        }
        if (joined && errno != EAGAIN && errno != ENOBUFS) {
            // EINVAL, EIO: they are too large for that, or not everybody on the way can.
            if (errno != EINVAL && errno != EIO)
                error = errno;
            alone = first + count;
            continue;
        }
        // musl's sendmmsg() is a call of sendmsg(2) for each, in case that the padding of its
        // structs is not 0, as it is here.
        auto sent = joined ? -1
                           : ::syscall(SYS_sendmmsg, socket.get(), messages_ + first, count,
                                       MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            first += static_cast<int>(sent);
            again = true;
            continue;
        }
        if (errno == EAGAIN || errno == ENOBUFS)
            break;
        error = errno;
        first += !again;  // twice: it is this one's own error
        again = !again;
    }
    return error;
}

void UdpBatch::rest()
{
    if (bytes_)
        (void)::madvise(bytes_, kSize * kStride, MADV_DONTNEED);
}

}  // namespace kist::network
