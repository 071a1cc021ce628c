// inspect.cpp - all that is known of containers, images, volumes and networks.

#include "cli/inspect.h"

#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/network.h"
#include "cli/print.h"
#include "cli/volume.h"

namespace kist::cli {

namespace {

enum class Type { any, container, image, volume, network };

struct InspectFlags {
    String format, type;
    bool size = false;
};

// clang-format off
constexpr Flag kFlags[] = {
    flag<&InspectFlags::format>('f', "format", "FORMAT", "json, or a template such as '{{.State.Status}}'"_help),
    flag<&InspectFlags::size>  ('s', "size",   nullptr,  "Say how much containers have written"_help),
    flag<&InspectFlags::type>  (0,   "type",   "TYPE",   "container, image, volume or network; unless said, whatever has that name"_help),
};
constexpr Flag kImageFlags[] = {kFlags[0]};
// clang-format on

// What was found, in the order of the names.
struct Findings {
    Vector<Listed> containers;
    Vector<image::Image> images;
    Vector<String> others;  // their documents
    Vector<Type> types;
};

struct Inspection {
    const Context& context;
    const service::Engine& engine;
    Findings found = {};
};

Result<void> find_as_container(Inspection& all, std::string_view name)
{
    all.found.containers.push_back(TRY(find_container(all.engine, name)));
    return {};
}

Result<void> find_as_image(Inspection& all, std::string_view name)
{
    image::Store store = TRY(open_store(all.context));
    image::Image image = TRY(store.find(name));
    // Found by its name it knows that one only; by its id it knows all.
    all.found.images.push_back(TRY(store.find(image.id.text())));
    return {};
}

Result<void> find_as_volume(Inspection& all, std::string_view name)
{
    all.found.others.push_back(TRY(volume_document(all.context, String(name))));
    return {};
}

Result<void> find_as_network(Inspection& all, std::string_view name)
{
    all.found.others.push_back(TRY(network_document(all.engine, name)));
    return {};
}

struct Kind {
    const char* name;
    Type type;
    Result<void> (*find)(Inspection& all, std::string_view name);
};
constexpr Kind kKinds[] = {
    {"container", Type::container, find_as_container},
    {"image", Type::image, find_as_image},
    {"volume", Type::volume, find_as_volume},
    {"network", Type::network, find_as_network},
};

Result<void> find_one(Inspection& all, std::string_view name, Type type)
{
    for (const Kind& kind : kKinds) {
        if (type != Type::any && type != kind.type)
            continue;
        auto found = kind.find(all, name);
        if (found)
            all.found.types.push_back(kind.type);
        // What can be no name of an image may be one of a volume.
        bool absent = !found && (found.error().is(ENOENT) ||
                                 (found.error().is(EINVAL) && kind.type != Type::container));
        if (type != Type::any || !absent)
            return found;
    }
    return Error(ENOENT, "no container, image, volume or network \"%.*s\"", int(name.size()),
                 name.data())
        .with_hint(
            "\"kist ps -a\", \"kist images\", \"kist volume ls\" and \"kist network ls\" list what "
            "there is");
}

Vector<String> documents_of(Inspection& all, bool sizes)
{
    Vector<String> documents;
    auto container = all.found.containers.begin();
    auto image = all.found.images.begin();
    auto other = all.found.others.begin();
    for (Type type : all.found.types)
        if (type == Type::container)
            documents.push_back(container_document(
                {.engine = &all.engine, .container = &*container++, .sizes = sizes}));
        else
            documents.push_back(type == Type::image ? image_document({.image = &*image++})
                                                    : std::move(*other++));
    return documents;
}

// Those that are not there are said after those that are, as docker does.
Result<int> inspect_all(const InspectFlags& flags, const Context& context, Arguments names,
                        Type type)
{
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    Inspection all = {context, engine};
    Vector<Error> errors;
    for (std::string_view name : names)
        if (auto found = find_one(all, name, type); !found)
            errors.push_back(std::move(found).error());
    if (flags.size)
        TRY(measure(all.context, all.found.containers));
    TRY(print_documents(documents_of(all, flags.size), flags.format));
    for (const Error& error : errors)
        report(error);
    return errors.empty() ? 0 : 1;
}

Result<int> inspect(const InspectFlags& flags, const Context& context, Arguments names)
{
    Type type = Type::any;
    for (const Kind& kind : kKinds)
        if (flags.type == kind.name)
            type = kind.type;
    if (type == Type::any && !flags.type.empty())
        return Error(EINVAL, "--type %s: there are container, image, volume and network",
                     flags.type.c_str());
    return inspect_all(flags, context, names, type);
}

Result<int> inspect_containers(const InspectFlags& flags, const Context& context, Arguments names)
{
    return inspect_all(flags, context, names, Type::container);
}

Result<int> inspect_images(const InspectFlags& flags, const Context& context, Arguments names)
{
    return inspect_all(flags, context, names, Type::image);
}

}  // namespace

extern const Command kInspect = {
    .name = "inspect",
    .operands = "NAME...",
    .summary = "Show all that is known of containers, images, volumes and networks"_help,
    .details = "Prints docker's JSON documents, or what a template makes of each.\n"_help,
    .flags = kFlags,
    .offer = Offer::containers,
    .run = with_context<InspectFlags, inspect>,
};

extern const Command kContainerInspect = {
    .name = "container inspect",
    .operands = "CONTAINER...",
    .summary = "Show all that is known of containers"_help,
    .flags = std::span(kFlags).first(2),
    .offer = Offer::containers,
    .run = with_context<InspectFlags, inspect_containers>,
};

extern const Command kImageInspect = {
    .name = "image inspect",
    .operands = "IMAGE...",
    .summary = "Show all that is known of images"_help,
    .flags = kImageFlags,
    .offer = Offer::images,
    .run = with_context<InspectFlags, inspect_images>,
};

}  // namespace kist::cli
