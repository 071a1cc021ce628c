// dbus.cpp - any bytes as a message from a bus, and as its body.

#include "container/dbus.h"
#include "input.h"

using namespace kist;
using namespace kist::container;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    std::string_view bytes = fuzz::text_of(data, size);
    (void)dbus::socket_path(bytes);
    auto length = dbus::Message::length(bytes);
    fuzz::must(!length || (*length >= dbus::kHead && *length <= dbus::kMaxMessage));
    auto message = dbus::Message::parse(bytes);
    if (!message)
        return 0;
    dbus::Reader body(*message);
    for (char type : message->signature) {
        if (type == 's' || type == 'o')
            (void)body.text();
        else if (type == 'g')
            (void)body.signature();
        else if (type == 'u')
            (void)body.number();
        else
            (void)body.skip(1);
    }
    return 0;
}
