// inside.cpp - doing a piece of work with the ids that containers have.

#include "container/inside.h"

#include <unistd.h>

#include "base/process.h"
#include "base/sys.h"
#include "container/report.h"

namespace kist::container {

namespace {

using Tier = image::StoreMap::Tier;

}  // namespace

Result<void> do_inside(const OuterNamespace& outer, const image::Places& places,
                       const std::function<Result<void>()>& work)
{
    if (outer.map.tier == Tier::root || outer.given)
        return work();
    sys::Pipe socket = TRY(sys::socket_pair());
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child == 0) {
        auto done = enter_outer(outer, places);
        if (done)
            done = work();
        if (!done)
            (void)send_report(socket.writer, Report::of(Stage::setup, done.error()));
        _exit(0);
    }
    socket.writer.close();
    auto report = receive_report(socket.reader);
    int status = TRY(process::wait(child));
    std::optional<Report> failure = TRY(std::move(report));
    if (failure)
        return std::move(*failure).error();
    return status == 0 ? Result<void>() : Error(ECHILD, "a helper process was killed");
}

bool needs_other_ids(const OuterNamespace& outer, const Error& error)
{
    return outer.map.tier == Tier::subuid && !outer.given && (error.is(EACCES) || error.is(EPERM));
}

}  // namespace kist::container
