// swift-tools-version: 6.2
import PackageDescription

/// Every target: warnings are errors; optimised across modules, since a dozen rooms
/// otherwise keep the compiler from specialising the core for its callers.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

/// One room of the design: a module and what it may import.
func room(_ name: String, _ imports: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: imports, swiftSettings: settings)
}

func program(_ name: String, _ imports: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: imports, swiftSettings: settings)
}

func tests(of name: String, _ imports: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name)] + imports,
        path: "Tests/\(name)", swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "baton",
    products: [
        .executable(name: "batond", targets: ["batond"]),
        .executable(name: "baton", targets: ["baton"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        // The rooms, from the inside out.
        room("Coordination"),
        room("Wire"),
        room("JSON"),
        room("YAMLParsing", ["JSON", "CYAML"]),
        room("Objects", ["JSON"]),
        room("Digest"),
        room("Identity", ["Digest", "JSON", "COpenSSL"]),
        room("ServiceManager"),
        room("Store", ["Coordination", "CSQLite"]),
        room("Sockets", ["Wire", "CLinux", "COpenSSL"]),
        room("API", ["Coordination", "Wire", "JSON", "YAMLParsing", "Objects", "Digest"]),
        room(
            "Daemon",
            [
                "Coordination", "Store", "Sockets", "Wire", "JSON", "API", "Identity", "Digest",
                "ServiceManager", "CLinux", "CCurl", "CYAML", logging,
            ]),
        room("Client", ["Digest", "JSON", "CCurl", "COpenSSL"]),
        room("Supervision", ["CLinux"]),

        // Doors to C.
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CLinux"),

        // The programs.
        program(
            "batond",
            ["Coordination", "Daemon", "Identity", "ServiceManager", "Store", argumentParser, logging]),
        program("baton", ["Client", "Supervision", "Digest", "JSON", argumentParser]),
        program("baton-bench", ["CLinux", "COpenSSL", argumentParser]),

        .target(
            name: "SQLiteFaults", path: "Tests/Support/SQLiteFaults",
            linkerSettings: [.linkedLibrary("sqlite3")]),
        tests(of: "Coordination"),
        tests(of: "Wire"),
        tests(of: "JSON"),
        tests(of: "YAMLParsing", ["JSON"]),
        tests(of: "Objects", ["JSON"]),
        tests(of: "Digest"),
        tests(of: "Identity", ["COpenSSL", "Digest", "JSON"]),
        tests(of: "ServiceManager"),
        .target(name: "StoreDirectory", path: "Tests/Support/StoreDirectory", swiftSettings: settings),
        tests(of: "Store", ["Coordination", "CSQLite", "SQLiteFaults", "StoreDirectory"]),
        tests(of: "Sockets", ["Wire", "CLinux", "COpenSSL"]),
        tests(of: "API", ["Coordination", "Wire", "JSON", "Objects", "Digest"]),
        tests(
            of: "Daemon", ["API", "Coordination", "Sockets", "Identity", logging, "Store", "StoreDirectory"]),
        tests(of: "Client", ["Digest", "JSON"]),
        tests(of: "Supervision", ["guardian-probe"]),

        // Plays baton where a test must not be it: a guardian is forked before any thread.
        .executableTarget(
            name: "guardian-probe", dependencies: ["Supervision"],
            path: "Tests/Support/GuardianProbe", swiftSettings: settings),
    ]
)
