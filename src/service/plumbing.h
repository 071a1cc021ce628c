// plumbing.h - the streams of one run of a container: from it to its log and clients, and back.

#pragma once

#include <poll.h>

#include <optional>
#include <span>
#include <string_view>

#include "base/fd.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/console.h"
#include "container/launch.h"
#include "container/log.h"
#include "service/clients.h"

namespace kist::service {

class Plumbing {
public:
    // Both are borrowed; nothing is logged as long as there is no log.
    Plumbing(std::optional<container::Log>& log, Clients& clients) : log_(log), clients_(clients) {}

    // Takes over the ends that launch() left us.
    void connect(std::optional<Fd> console, std::optional<container::Streams> streams);

    static constexpr size_t kWaits = 3;
    void wish(Vector<pollfd>& waits) const;  // adds kWaits elements
    void act(std::span<const pollfd> waits);

    void input(std::string_view bytes);
    void end_input();
    void resize(Size size);
    // Takes what the container left in its pipes when it ended, whether clients keep up or not.
    void drain();

private:
    bool take(std::optional<Fd>& from, container::Stream stream);
    void give();

    std::optional<container::Log>& log_;
    Clients& clients_;
    bool terminal_ = false;
    std::optional<Fd> output_;  // or the terminal
    std::optional<Fd> errors_;
    std::optional<Fd> input_;  // none with a terminal: it is output_
    String pending_;           // input that the container has not taken yet
    bool ending_ = false;      // input_ is closed once pending_ is written
};

}  // namespace kist::service
