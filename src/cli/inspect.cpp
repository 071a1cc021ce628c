// inspect.cpp - all that is known of containers, images and volumes.

#include "cli/inspect.h"

#include "cli/command.h"
#include "cli/print.h"

namespace kist::cli {

namespace {

enum class Type { any, container, image };

struct InspectFlags {
    std::string format, type;
    bool size = false;
};

// clang-format off
constexpr Flag kFlags[] = {
    flag<&InspectFlags::format>('f', "format", "FORMAT", "json, or a template such as '{{.State.Status}}'"),
    flag<&InspectFlags::size>  ('s', "size",   nullptr,  "Say how much containers have written"),
    flag<&InspectFlags::type>  (0,   "type",   "TYPE",   "container or image; unless said, whatever has that name"),
};
constexpr Flag kImageFlags[] = {kFlags[0]};
// clang-format on

// What was found, in the order of the names.
struct Findings {
    std::vector<Listed> containers;
    std::vector<image::Image> images;
    std::vector<bool> is_image;
};

struct Inspection {
    Context context;
    service::Engine engine;
    Findings found = {};
};

Result<void> find_one(Inspection& all, std::string_view name, Type type)
{
    if (type != Type::image) {
        auto found = find_container(all.engine, name);
        if (found) {
            all.found.containers.push_back(std::move(*found));
            all.found.is_image.push_back(false);
            return {};
        }
        if (type == Type::container || !found.error().is(ENOENT))
            return std::move(found).error();
    }
    image::Store store = TRY(open_store(all.context));
    auto image = store.find(name);
    if (!image && type == Type::any && (image.error().is(ENOENT) || image.error().is(EINVAL)))
        return Error(ENOENT, "no container and no image \"%.*s\"", int(name.size()), name.data())
            .with_hint("\"kist ps -a\" and \"kist images\" list what there is");
    image = TRY(std::move(image));
    // Found by its name it knows that one only; by its id it knows all.
    all.found.images.push_back(TRY(store.find(image->id.text())));
    all.found.is_image.push_back(true);
    return {};
}

std::vector<std::string> documents_of(const Inspection& all, bool sizes)
{
    std::vector<std::string> documents;
    auto container = all.found.containers.begin();
    auto image = all.found.images.begin();
    for (bool is_image : all.found.is_image)
        documents.push_back(
            is_image ? image_document({.image = &*image++})
                     : container_document(
                           {.engine = &all.engine, .container = &*container++, .sizes = sizes}));
    return documents;
}

// Those that are not there are said after those that are, as docker does.
Result<int> inspect_all(const InspectFlags& flags, const Globals& globals, Arguments names,
                        Type type)
{
    Context context = TRY(open_context(globals));
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    Inspection all = {std::move(context), std::move(engine)};
    std::vector<Error> errors;
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

Result<int> inspect(const InspectFlags& flags, const Globals& globals, Arguments names)
{
    Type type = Type::any;
    if (flags.type == "container")
        type = Type::container;
    else if (flags.type == "image")
        type = Type::image;
    else if (!flags.type.empty())
        return Error(EINVAL, "--type %s: there are container and image", flags.type.c_str());
    return inspect_all(flags, globals, names, type);
}

Result<int> inspect_containers(const InspectFlags& flags, const Globals& globals, Arguments names)
{
    return inspect_all(flags, globals, names, Type::container);
}

Result<int> inspect_images(const InspectFlags& flags, const Globals& globals, Arguments names)
{
    return inspect_all(flags, globals, names, Type::image);
}

}  // namespace

extern const Command kInspect = {
    .name = "inspect",
    .operands = "NAME...",
    .summary = "Show all that is known of containers and images",
    .details = "Prints docker's JSON documents, or what a template makes of each.\n",
    .offer = Offer::containers,
    .flags = kFlags,
    .run = run_as<InspectFlags, inspect>,
};

extern const Command kContainerInspect = {
    .name = "container inspect",
    .operands = "CONTAINER...",
    .summary = "Show all that is known of containers",
    .offer = Offer::containers,
    .flags = std::span(kFlags).first(2),
    .run = run_as<InspectFlags, inspect_containers>,
};

extern const Command kImageInspect = {
    .name = "image inspect",
    .operands = "IMAGE...",
    .summary = "Show all that is known of images",
    .offer = Offer::images,
    .flags = kImageFlags,
    .run = run_as<InspectFlags, inspect_images>,
};

}  // namespace kist::cli
