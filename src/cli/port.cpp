// port.cpp - which ports of a container are reachable where.

#include "base/string.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/say.h"

namespace kist::cli {

namespace {

struct PortFlags {};

Result<int> port(const PortFlags&, const service::Engine& engine, Arguments operands)
{
    Listed listed = TRY(find_container(engine, operands[0]));
    if (operands.size() > 1)
        return Error(ENOENT, "port %s of container \"%s\" is not published",
                     String(operands[1]).c_str(), listed.spec.name.c_str());
    if (!listed.spec.network_none)
        tell(Where::errors,
             "kist: \"%s\" has the host's network: its ports are those of the host\n",
             listed.spec.name.c_str());
    return 0;
}

}  // namespace

extern const Command kPort = {
    .name = "port",
    .operands = "CONTAINER [PORT]",
    .summary = "List the ports of a container that are published"_help,
    .details =
        "None are: with --network host, what listens in the container listens on the host.\n"_help,
    .offer = Offer::containers,
    .run = with_engine<PortFlags, port>,
};

}  // namespace kist::cli
