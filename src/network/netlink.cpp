// netlink.cpp - see netlink.h.
//
// Lengths are patched: that of a request whenever something is put behind it, that of a nest when
// it is closed.  A request that grew too long is remembered and refused when it is sent, so that
// building one needs no checks.

#include "network/netlink.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/str.h"
#include "base/sys.h"

namespace kist::network {
namespace {

// Options from newer kernels; without them errors have no words, and requests are checked less.
constexpr int kOptions[] = {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK};
constexpr size_t kMaxExplanation = 200;

// Takes a message or attribute off `rest`; `length` counts its header too.  The last one may lack
// its padding.
bool take(std::string_view& rest, size_t header, size_t length, std::string_view& body)
{
    if (length < header || length > rest.size())
        return false;
    body = rest.substr(header, length - header);
    rest.remove_prefix(NLMSG_ALIGN(length) < rest.size() ? NLMSG_ALIGN(length) : rest.size());
    return true;
}

}  // namespace

void Message::raw(const void* bytes, size_t size)
{
    static constexpr uint8_t kPadding[NLMSG_ALIGNTO] = {};
    if (size > kMaxRequest || data_.size() + NLMSG_ALIGN(size) > kMaxRequest) {
        too_long_ = true;
        return;
    }
    data_.append(static_cast<const uint8_t*>(bytes), size);
    data_.append(kPadding, NLMSG_ALIGN(size) - size);
    uint32_t length = static_cast<uint32_t>(data_.size() - request_);
    if (length >= sizeof length)
        memcpy(data_.data() + request_, &length, sizeof length);
}

void Message::begin(uint16_t type, uint16_t flags, const void* header, size_t size)
{
    if (too_long_)
        return;
    nlmsghdr head = {.nlmsg_type = type,
                     .nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST)};
    request_ = data_.size();
    raw(&head, sizeof head);
    raw(header, size);
}

void Message::attribute(uint16_t type, const void* value, size_t size)
{
    if (size > UINT16_MAX - NLA_HDRLEN) {
        too_long_ = true;
        return;
    }
    nlattr head = {.nla_len = static_cast<uint16_t>(NLA_HDRLEN + size), .nla_type = type};
    raw(&head, sizeof head);
    raw(value, size);
}

void Message::text(uint16_t type, std::string_view value)
{
    String terminated(value);
    attribute(type, terminated.c_str(), value.size() + 1);
}

void Message::number16_be(uint16_t type, uint16_t value)
{
    number16(type, htons(value));
}

void Message::number32_be(uint16_t type, uint32_t value)
{
    number32(type, htonl(value));
}

size_t Message::open(uint16_t type)
{
    size_t at = data_.size();
    attribute(type | NLA_F_NESTED, nullptr, 0);
    return at;
}

void Message::close(size_t at)
{
    size_t size = data_.size() - at;
    if (too_long_ || size > UINT16_MAX) {
        too_long_ = true;
        return;
    }
    uint16_t length = static_cast<uint16_t>(size);
    memcpy(data_.data() + at, &length, sizeof length);  // nla_len comes first
}

bool Attributes::next(uint16_t& type, std::string_view& value)
{
    nlattr head;
    if (rest_.size() < sizeof head)
        return false;
    memcpy(&head, rest_.data(), sizeof head);
    type = head.nla_type & NLA_TYPE_MASK;
    return take(rest_, NLA_HDRLEN, head.nla_len, value);
}

std::string_view Attributes::find(uint16_t type) const
{
    std::string_view found, value;
    uint16_t each;
    for (Attributes rest = *this; rest.next(each, value);)
        if (each == type)
            found = value;
    return found;
}

std::string_view Attributes::text(uint16_t type) const
{
    std::string_view value = find(type);
    return str::cut(value, '\0');
}

uint32_t Attributes::number32(uint16_t type, uint32_t otherwise) const
{
    std::string_view value = find(type);
    if (value.size() == sizeof otherwise)
        memcpy(&otherwise, value.data(), sizeof otherwise);
    return otherwise;
}

uint32_t Attributes::number32_be(uint16_t type, uint32_t otherwise) const
{
    return ntohl(number32(type, htonl(otherwise)));
}

bool Reply::next(std::string_view& datagram, Reply& reply)
{
    nlmsghdr head;
    if (datagram.size() < sizeof head)
        return false;
    memcpy(&head, datagram.data(), sizeof head);
    reply.type = head.nlmsg_type;
    reply.flags = head.nlmsg_flags;
    reply.sequence = head.nlmsg_seq;
    return take(datagram, NLMSG_HDRLEN, head.nlmsg_len, reply.payload);
}

Attributes Reply::attributes_behind(size_t header) const
{
    header = NLMSG_ALIGN(header);
    return Attributes(header < payload.size() ? payload.substr(header) : std::string_view());
}

int Reply::error() const
{
    int number = header<int>();  // of both kinds; an old kernel's NLMSG_DONE has none
    return number < 0 && number > -4096 ? -number : 0;
}

String Reply::explanation() const
{
    if (!(flags & NLM_F_ACK_TLVS))
        return {};
    size_t skipped = sizeof(int);
    if (type == NLMSG_ERROR) {  // the request's header follows, and all of it where not capped
        skipped = sizeof(nlmsgerr);
        if (!(flags & NLM_F_CAPPED))
            skipped += header<nlmsgerr>().msg.nlmsg_len - sizeof(nlmsghdr);
    }
    return str::printable(attributes_behind(skipped).text(NLMSGERR_ATTR_MSG), kMaxExplanation);
}

// What is heard to one message.
struct Netlink::Talk {
    uint32_t first = 0, last = 0;  // its sequence numbers
    unsigned acks = 0;             // expected still
    OnReply each = nullptr;
    void* context = nullptr;
    int error = 0;  // the first, and what was said about it
    String explanation;
    bool done = false;         // the dump is
    bool interrupted = false;  // something changed under it

    void take(const Reply& reply)
    {
        if (reply.sequence - first > last - first)  // to something older
            return;
        interrupted |= reply.flags & NLM_F_DUMP_INTR;
        if (reply.type != NLMSG_ERROR && reply.type != NLMSG_DONE) {
            if (each && reply.type >= NLMSG_MIN_TYPE)
                each(context, reply);
            return;
        }
        done |= reply.type == NLMSG_DONE;
        acks -= acks && reply.type == NLMSG_ERROR;
        if (!error && (error = reply.error()))
            explanation = reply.explanation();
    }

    Result<void> end() const
    {
        if (!error)
            return {};
        errno = error;
        if (explanation.empty())
            return os_error("the kernel refuses");
        return os_error("the kernel refuses (%s)", explanation.c_str());
    }
};

Result<Netlink> Netlink::open(int family)
{
    Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family));
    if (!socket.is_open())
        return os_error("cannot open a netlink socket");
    int on = 1;
    for (int option : kOptions)
        (void)setsockopt(socket.get(), SOL_NETLINK, option, &on, sizeof on);
    return Netlink(std::move(socket));
}

Result<void> Netlink::send(Message& message, Talk& talk)
{
    if (message.too_long_)
        return Error(E2BIG, "a request to the kernel is too long");
    talk.first = sequence_ + 1;
    Vector<uint8_t>& data = message.data_;
    for (size_t at = 0; at < data.size();) {
        nlmsghdr head;
        memcpy(&head, data.data() + at, sizeof head);
        head.nlmsg_seq = ++sequence_;
        memcpy(data.data() + at, &head, sizeof head);
        talk.acks += !!(head.nlmsg_flags & NLM_F_ACK);
        at += head.nlmsg_len;  // a multiple of 4: everything was padded
    }
    talk.last = sequence_;
    sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent = sys::retry([&] {
        return ::sendto(socket_.get(), data.data(), data.size(), 0,
                        reinterpret_cast<sockaddr*>(&kernel), sizeof kernel);
    });
    if (sent < 0)
        return os_error("cannot ask the kernel");
    return {};
}

// One datagram; false when there is none.
Result<bool> Netlink::hear(Talk& talk)
{
    ssize_t size = sys::retry(
        [&] { return ::recv(socket_.get(), nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT); });
    if (size < 0 && errno == EAGAIN)
        return false;
    if (size < 0)  // ENOBUFS: answers were lost
        return os_error("cannot hear the kernel");
    if (static_cast<size_t>(size) > kMaxReply)
        return Error(EMSGSIZE, "a reply of the kernel is too long");
    if (buffer_.size() < static_cast<size_t>(size))
        buffer_.resize(static_cast<size_t>(size));

    sockaddr_nl from = {};
    socklen_t length = sizeof from;
    size = sys::retry([&] {
        return ::recvfrom(socket_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT,
                          reinterpret_cast<sockaddr*>(&from), &length);
    });
    if (size < 0)
        return os_error("cannot hear the kernel");
    if (length != sizeof from || from.nl_pid != 0)  // another process, which may say anything
        return true;
    std::string_view datagram(buffer_.data(), static_cast<size_t>(size));
    for (Reply reply; Reply::next(datagram, reply);)
        talk.take(reply);
    return true;
}

Result<void> Netlink::request(Message& message, OnReply each, void* context)
{
    Talk talk = {.each = each, .context = context};
    TRY(send(message, talk));
    while (TRY(hear(talk))) {
    }
    TRY(talk.end());
    if (talk.acks)
        return Error(EPROTO, "the kernel does not answer a request");
    return {};
}

Result<void> Netlink::dump(Message& message, OnReply each, void* context)
{
    for (int round = 0; round < kMaxDumps; round++) {
        Talk talk = {.each = each, .context = context};
        TRY(send(message, talk));
        while (!talk.done && !talk.error)
            if (!TRY(hear(talk)))
                return Error(EPROTO, "the kernel does not answer a request");
        TRY(talk.end());
        if (!talk.interrupted)
            return {};
    }
    return Error(EAGAIN, "what the kernel lists changes all the time");
}

}  // namespace kist::network
