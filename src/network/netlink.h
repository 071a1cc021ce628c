// netlink.h - talking to the kernel about links, addresses, routes and packet filters: netlink(7).
//
// A Message is one request or a batch of them, as bytes; a Netlink is a socket that sends it and
// hears what the kernel says to it.  Indentation follows the nesting on the wire:
//
//     Message message;
//     message.begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE, ifinfomsg{});
//     message.text(IFLA_IFNAME, name);
//     {
//         auto info = message.nest(IFLA_LINKINFO);
//         message.text(IFLA_INFO_KIND, "bridge");
//     }
//     TRY(netlink.request(message), "cannot make the bridge %s", name.c_str());

#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::network {

inline constexpr size_t kMaxRequest = 128 * 1024;  // what a socket sends at once by default
inline constexpr size_t kMaxReply = 1 << 20;       // one datagram; the kernel's are of 32 KiB
inline constexpr int kMaxDumps = 8;                // of something that changes all the while

// Numbers are of the host's byte order but for those called _be, as the attribute wants it.
class Message {
public:
    // Begins a request behind those that are there.  NLM_F_REQUEST is added; `header` is what the
    // family wants behind nlmsghdr.
    void begin(uint16_t type, uint16_t flags, const void* header, size_t size);
    template <class Header>
    void begin(uint16_t type, uint16_t flags, const Header& header)
    {
        static_assert(std::is_trivially_copyable_v<Header>);
        begin(type, flags, &header, sizeof header);
    }
    // A structure that stands in a nest without a header of its own, padded to 4 bytes.
    void raw(const void* bytes, size_t size);

    void attribute(uint16_t type, const void* value, size_t size);
    void bytes(uint16_t type, std::string_view value)
    {
        attribute(type, value.data(), value.size());
    }
    void text(uint16_t type, std::string_view value);  // with a NUL behind it
    void number8(uint16_t type, uint8_t value) { attribute(type, &value, sizeof value); }
    void number16(uint16_t type, uint16_t value) { attribute(type, &value, sizeof value); }
    void number32(uint16_t type, uint32_t value) { attribute(type, &value, sizeof value); }
    void number16_be(uint16_t type, uint16_t value);
    void number32_be(uint16_t type, uint32_t value);

    // The attributes that follow are inside of this one, until close() with what open() returned.
    size_t open(uint16_t type);
    void close(size_t at);
    // The same by scope.
    class [[nodiscard]] Nest {
    public:
        Nest(Message& message, uint16_t type) : message_(message), at_(message.open(type)) {}
        Nest(const Nest&) = delete;
        ~Nest() { message_.close(at_); }

    private:
        Message& message_;
        size_t at_;
    };
    Nest nest(uint16_t type) { return Nest(*this, type); }

    // Complete but for the sequence numbers, which request() gives.
    const Vector<uint8_t>& data() const { return data_; }
    // Something was longer than its length field or kMaxRequest can say; request() refuses it.
    bool is_too_long() const { return too_long_; }

private:
    friend class Netlink;
    Vector<uint8_t> data_;
    size_t request_ = 0;  // where the last one begins
    bool too_long_ = false;
};

// The attributes of a reply, with every length checked: what is cut short or does not fit ends the
// list.  The bytes belong to somebody else.
class Attributes {
public:
    explicit Attributes(std::string_view bytes) : rest_(bytes) {}

    // The next one, its type without the flags NLA_F_NESTED and NLA_F_NET_BYTEORDER.
    bool next(uint16_t& type, std::string_view& value);

    // The last one of this type; empty when there is none.
    std::string_view find(uint16_t type) const;
    Attributes nest(uint16_t type) const { return Attributes(find(type)); }
    std::string_view text(uint16_t type) const;  // up to its NUL
    uint32_t number32(uint16_t type, uint32_t otherwise = 0) const;
    uint32_t number32_be(uint16_t type, uint32_t otherwise = 0) const;

private:
    std::string_view rest_;
};

struct Reply {
    uint16_t type = 0, flags = 0;
    uint32_t sequence = 0;
    std::string_view payload;  // header of the family, attributes

    // What stands behind nlmsghdr; zeros where the payload is too short.
    template <class Header>
    Header header() const
    {
        Header header{};
        if (payload.size() >= sizeof header)
            memcpy(&header, payload.data(), sizeof header);
        return header;
    }
    template <class Header>
    Attributes attributes() const
    {
        return attributes_behind(sizeof(Header));
    }

    // Takes the first reply off `datagram`; false at the end, and where a length is wrong.
    static bool next(std::string_view& datagram, Reply& reply);
    // The error in a reply of type NLMSG_ERROR or NLMSG_DONE, as errno; 0: it is an
    // acknowledgement.
    int error() const;
    // What the kernel says about it beyond the number (NETLINK_EXT_ACK), fit for a line; often "".
    String explanation() const;

private:
    Attributes attributes_behind(size_t header) const;
};

// Called for each reply that is not an acknowledgement.
using OnReply = void (*)(void* context, const Reply& reply);

// A socket in the network namespace that the process was in at open(), wherever it is later.
//
// The kernel works a request off before send(2) returns, and a dump while it is read, so nothing
// here ever waits.
class Netlink {
public:
    // `family`: NETLINK_ROUTE, NETLINK_NETFILTER.  EPROTONOSUPPORT: the kernel has none such.
    static Result<Netlink> open(int family);

    // Sends the requests in `message` and hears all of the answers.  The error is that of the first
    // request that failed: errno, with the kernel's words.  Where NLM_F_ACK is set (for no more
    // than kMaxAcks) an answer must come; in a batch of nf_tables, which is done or not done as a
    // whole, one on the last request before its end is enough.
    // What a request reads (RTM_GETLINK) goes to `each`.
    static constexpr unsigned kMaxAcks = 100;
    Result<void> request(Message& message, OnReply each = nullptr, void* context = nullptr);

    // A request with NLM_F_DUMP.  One that something changed under is begun again, so `each` may be
    // called for the same thing more than once.  EAGAIN: it never stood still.
    Result<void> dump(Message& message, OnReply each, void* context);

    const Fd& socket() const { return socket_; }

private:
    struct Talk;
    explicit Netlink(Fd socket) : socket_(std::move(socket)) {}
    Result<void> send(Message& message, Talk& talk);
    Result<bool> hear(Talk& talk);

    Fd socket_;
    uint32_t sequence_ = 0;  // of the last request
    Vector<char> buffer_;
};

}  // namespace kist::network
