// swift-tools-version: 6.2
import PackageDescription

/// What every target of Sekisho is compiled with.
let common: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// Source targets also mark every use of unsafe memory.
let source: [SwiftSetting] = common + [.strictMemorySafety()]

/// Tests ask the algebra of spaces millions of questions, which without optimisation take ten times as long; what is
/// asserted is asserted all the same.
let fast = SwiftSetting.unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))

/// A source target; its README is for people, not for the compiler.
///
/// - Parameters:
///   - isSmall: whether a release is made small rather than fast, as befits what is done once a run.
///   - embedded: files that are a part of the program.
func layer(
  _ name: String, _ dependencies: [Target.Dependency] = [], isSmall: Bool = false, isFast: Bool = false,
  embedded: [String] = []
) -> Target {
  let size = SwiftSetting.unsafeFlags(["-Osize"], .when(configuration: .release))
  return .target(
    name: name, dependencies: dependencies, exclude: ["README.md"],
    resources: embedded.map { .embedInCode($0) },
    swiftSettings: source + (isSmall ? [size] : []) + (isFast ? [fast] : []))
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: common)
}

/// What tests of several targets share; no part of the product.
func support(_ name: String, _ dependencies: [Target.Dependency], isFast: Bool = false) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Tests/Support/\(name)",
    swiftSettings: isFast ? common + [fast] : common)
}

/// What the program says it was built of; letters, digits and `-` alone.
let revision = Context.environment["SEKISHO_REVISION"].flatMap { text in
  text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" } ? text : nil
}

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "sekisho",
  products: [
    .library(name: "Addressing", targets: ["Addressing"]),
    .library(name: "Nftables", targets: ["Nftables"]),
    .library(name: "NftablesNetlink", targets: ["NftablesNetlink"]),
    .library(name: "ConnectionSpace", targets: ["ConnectionSpace"]),
    .library(name: "RulesetSpace", targets: ["RulesetSpace"]),
    .library(name: "PolicySpace", targets: ["PolicySpace"]),
    // For the fuzzers, a package of their own: Tests/Fuzz.
    .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0", traits: []),
  ],
  targets: [
    .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CMnl", pkgConfig: "libmnl", providers: [.apt(["libmnl-dev"])]),
    .systemLibrary(name: "CNftnl", pkgConfig: "libnftnl", providers: [.apt(["libnftnl-dev"])]),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CSHA256"),
    .target(
      name: "CRevision", exclude: ["README.md"],
      cSettings: revision.map { [.define("SEKISHO_REVISION", to: "\"\($0)\"")] } ?? []),
    .systemLibrary(name: "CXtables"),

    // Pure layers: no clock, no kernel.
    layer("Addressing", isFast: true),
    layer("Diagnostics", isSmall: true, isFast: true),
    layer("Digest", ["CSHA256"]),
    layer("Policy", ["Addressing", "Diagnostics"], isFast: true),
    layer("JSONStrings", isFast: true),
    layer(
      "Inventory", ["Addressing", "CYaml", "Diagnostics", "JSONStrings", "Policy"], isSmall: true,
      isFast: true),
    layer("Nftables", ["Addressing", "CXtables", "JSONStrings"], isFast: true),
    layer("RulesetShape", ["Addressing", "Nftables", "Policy"], isSmall: true, isFast: true),
    layer("RulesetCompiler", ["Addressing", "Nftables", "Policy", "RulesetShape"], isFast: true),
    layer(
      "Explanation", ["Addressing", "Nftables", "Policy", "RulesetCompiler", "RulesetShape"], isSmall: true),
    layer("RulesetDiff", ["Nftables", "RulesetShape"], isSmall: true),
    layer("Attempts", ["Addressing"], isSmall: true),
    layer(
      "AgentProtocol", ["Addressing", "Attempts", "Diagnostics", "Nftables", "RulesetDiff"], isSmall: true),
    layer(
      "Records", ["Addressing", "AgentProtocol", "Explanation", "Policy", "RulesetShape"], isSmall: true),
    layer("ProbePlan", ["Addressing", "Attempts", "Explanation", "Policy"], isSmall: true),
    layer("ConnectionSpace", ["Addressing"], isFast: true),
    layer(
      "ConnectionDiff",
      [
        "Addressing", "ConnectionSpace", "Diagnostics", "Nftables", "Policy", "PolicySpace", "RulesetShape",
        "RulesetSpace",
      ],
      isSmall: true, isFast: true),
    layer("RulesetSpace", ["Addressing", "ConnectionSpace", "Nftables", "RulesetShape"], isFast: true),
    layer("PolicySpace", ["Addressing", "ConnectionSpace", "Policy"], isFast: true),
    layer("Reachability", ["Addressing", "ConnectionSpace", "Policy"], isSmall: true, isFast: true),
    layer("Lint", ["Addressing", "Diagnostics", "Policy"], isSmall: true),
    layer(
      "Evidence",
      ["Addressing", "AgentProtocol", "Diagnostics", "Digest", "Policy", "Reachability"], isSmall: true),
    layer("InventoryText", ["Addressing", "Policy"], isSmall: true),
    layer(
      "Imports",
      [
        "Addressing", "ConnectionSpace", "Diagnostics", "InventoryText", "JSONStrings", "Nftables", "Policy",
        "RulesetShape", "RulesetSpace",
      ], isSmall: true),
    layer(
      "FlowProposal", ["Addressing", "AgentProtocol", "InventoryText", "Policy", "Records"], isSmall: true),

    layer(
      "Rollout",
      [
        "Addressing", "ConnectionSpace", "Diagnostics", "Nftables", "Policy", "PolicySpace",
        "RulesetCompiler",
      ],
      isSmall: true),

    layer("Sessions", ["Addressing", "Nftables"], isSmall: true),
    layer("HostState", ["Addressing"], isSmall: true),
    layer("Machine", ["Addressing", "CLinux", "CXtables", system], isSmall: true),
    layer("Signing", ["Digest", "JSONStrings", "Machine", system], isSmall: true),
    layer("HostServices", ["AgentProtocol", "Machine", system], isSmall: true),
    layer("HostStore", ["Digest", "HostState", "Machine", system], isSmall: true),
    layer("InventoryFiles", ["Diagnostics", "Inventory", "Machine", subprocess, system], isSmall: true),
    layer("Artifacts", ["Digest", "JSONStrings", "Machine", "Policy", "Signing", system], isSmall: true),
    layer("Netlink", ["CMnl"]),
    layer("NftablesNetlink", ["Addressing", "CMnl", "CNftnl", "Netlink", "Nftables"]),
    layer("ConntrackNetlink", ["Addressing", "CMnl", "Netlink", "Sessions"], isSmall: true),
    layer("Probing", ["Addressing", "Attempts", "CLinux", "Machine", system], isSmall: true),
    layer(
      "Enforcement",
      [
        "Addressing", "AgentProtocol", "ConntrackNetlink", "Digest", "Machine", "Netlink", "Nftables",
        "NftablesNetlink", "RulesetDiff", "RulesetShape", "Sessions", system,
      ],
      isSmall: true),
    layer(
      "HostLife",
      [
        "Addressing", "AgentProtocol", "Diagnostics", "Digest", "Enforcement", "HostState", "HostStore",
        "Machine",
        "Nftables", "Policy", "RulesetCompiler", "RulesetDiff", "RulesetShape", "Signing", system,
      ],
      isSmall: true),
    layer(
      "HostAgent",
      [
        "Addressing", "AgentProtocol", "Attempts", "Enforcement", "HostLife", "HostServices", "HostState",
        "HostStore",
        "Machine", "Nftables", "Policy", "Probing", "Signing",
        system,
      ], isSmall: true),
    layer("Lab", ["Addressing", "CLinux", "Machine", "Policy", system], isSmall: true),
    layer("Fleet", ["AgentProtocol", "Machine", subprocess, system], isSmall: true),
    layer(
      "Operations",
      [
        "Addressing", "AgentProtocol", "Artifacts", "Attempts", "ConnectionDiff", "ConnectionSpace",
        "Diagnostics",
        "Digest", "Enforcement", "Explanation", "Fleet", "HostAgent", "HostLife", "Inventory",
        "InventoryFiles",
        "CRevision", "Evidence", "InventoryText", "Lab", "Lint", "Machine", "Nftables", "Policy", "ProbePlan",
        "Reachability",
        "Rollout", "RulesetCompiler", "RulesetDiff", "RulesetShape", "RulesetSpace", "Signing", system,
      ], isSmall: true,
      embedded: ["Install/sekisho-boot.service", "Install/sekisho-watch.service"]),
    layer(
      "SekishoCommands",
      [
        "Addressing", "AgentProtocol", "Artifacts", "ConnectionDiff", "ConnectionSpace", "Diagnostics",
        "Evidence", "Explanation", "Fleet", "FlowProposal", "HostAgent", "HostLife", "HostState", "Inventory",
        "Imports", "InventoryFiles", "InventoryText", "Lab", "Lint", "Machine", "Nftables", "Operations",
        "Policy", "ProbePlan",
        "Reachability", "Records", "Rollout", "RulesetDiff",
        "RulesetShape", "RulesetSpace", "Signing", arguments, subprocess, system,
      ], isSmall: true),
    .executableTarget(
      name: "sekisho", dependencies: ["SekishoCommands", arguments], swiftSettings: source),

    support("ChildProcess", []),
    support("Goldens", []),
    support("EchoKernel", ["Netlink"]),
    support(
      "MemoryKernel",
      ["AgentProtocol", "Enforcement", "Netlink", "Nftables", "NftablesNetlink", "Sessions"]),
    support("PolicyFixtures", ["Addressing", "Diagnostics", "Policy"], isFast: true),
    support("LabFixtures", ["Addressing", "Diagnostics", "Policy"]),
    support("Listening", ["Addressing", "Attempts", "Machine", "Probing", system]),
    support("LabHarness", ["Lab", "Machine", "Policy", subprocess, system]),
    support(
      "FuzzTargets",
      [
        "Addressing", "AgentProtocol", "ConnectionDiff", "ConnectionSpace", "Diagnostics", "EchoKernel",
        "Inventory", "Netlink", "Nftables", "NftablesNetlink", "Policy", "RulesetCompiler", "RulesetDiff",
        "RulesetShape", "RulesetSpace",
      ]),
    .executableTarget(
      name: "lab-support",
      dependencies: [
        "Addressing", "Attempts", "ConntrackNetlink", "Lab", "LabFixtures", "Listening", "Machine", "Probing",
        "Sessions",
      ],
      path: "Tests/Support/lab-support", swiftSettings: common),
    .target(name: "FleetGenerator", path: "Tests/Benchmarks/FleetGenerator", swiftSettings: common),
    .executableTarget(
      name: "fleet-files", dependencies: ["FleetGenerator"], path: "Tests/Benchmarks/FleetFiles",
      swiftSettings: common),
    .target(
      name: "CBareNetlink", path: "Tests/Benchmarks/CBareNetlink",
      linkerSettings: [.linkedLibrary("mnl")]),
    .target(name: "CTraffic", path: "Tests/Benchmarks/CTraffic"),
    .executableTarget(
      name: "benchmark",
      dependencies: [
        "Addressing", "AgentProtocol", "CBareNetlink", "CTraffic", "ConnectionSpace", "ConntrackNetlink",
        "Diagnostics", "Enforcement", "FleetGenerator", "HostLife", "HostState", "HostStore", "Inventory",
        "InventoryFiles", "Machine", "Nftables", "NftablesNetlink", "Policy",
        "PolicySpace", "Reachability", "Rollout", "RulesetCompiler", "RulesetDiff", "RulesetShape",
        "RulesetSpace", "Sessions",
      ],
      path: "Tests/Benchmarks/Benchmark", swiftSettings: common),

    tests("StructureTests", []),
    tests("AddressingTests", ["Addressing", "PolicyFixtures"]),
    tests("DiagnosticsTests", ["Diagnostics"]),
    tests("DigestTests", ["Digest"]),
    tests("PolicyTests", ["Addressing", "Diagnostics", "Inventory", "Policy"]),
    tests("InventoryTests", ["Addressing", "Diagnostics", "Inventory", "InventoryFiles", "Policy"]),
    tests(
      "SchemaTests",
      [
        "Addressing", "ChildProcess", "Diagnostics", "Goldens", "Inventory", "InventoryFiles",
        "InventoryText", "Policy",
      ]),
    tests("NftablesTests", ["Addressing", "ChildProcess", "Nftables", "NftablesNetlink"]),
    tests(
      "RulesetCompilerTests",
      [
        "Addressing", "ChildProcess", "ConnectionSpace", "Diagnostics", "Goldens", "Inventory",
        "InventoryFiles", "Nftables", "Policy", "PolicyFixtures", "PolicySpace", "RulesetCompiler",
        "RulesetShape",
      ]),
    tests(
      "ExplanationTests",
      ["Addressing", "Diagnostics", "Explanation", "Inventory", "Policy", "PolicyFixtures"]),
    tests("RulesetShapeTests", ["Addressing", "Nftables", "RulesetShape"]),
    tests(
      "RulesetDiffTests",
      [
        "Addressing", "MemoryKernel", "Nftables", "Policy", "PolicyFixtures", "RulesetCompiler",
        "RulesetDiff", "RulesetShape",
      ]),
    tests(
      "AgentProtocolTests",
      [
        "Addressing", "AgentProtocol", "Attempts", "Goldens", "Nftables", "Policy", "PolicyFixtures",
        "RulesetCompiler", "RulesetDiff",
      ]),
    tests(
      "RecordsTests",
      [
        "Addressing", "AgentProtocol", "Diagnostics", "Explanation", "Inventory", "Policy",
        "PolicyFixtures", "Records", "RulesetShape",
      ]),
    tests(
      "ProbePlanTests",
      [
        "Addressing", "Attempts", "Diagnostics", "Explanation", "Inventory", "InventoryFiles", "Policy",
        "PolicyFixtures", "ProbePlan",
      ]),
    tests("FleetTests", ["AgentProtocol", "Fleet", "Nftables"]),
    tests(
      "EnforcementTests",
      [
        "Addressing", "AgentProtocol", "Enforcement", "MemoryKernel", "Netlink", "Nftables",
        "NftablesNetlink", "Policy",
        "PolicyFixtures", "RulesetCompiler", "RulesetDiff", "RulesetShape", "Sessions",
      ]),
    tests(
      "RolloutTests",
      [
        "Addressing", "ConnectionSpace", "Diagnostics", "Inventory", "Nftables", "Policy", "PolicyFixtures",
        "PolicySpace", "Rollout", "RulesetCompiler", "RulesetDiff", "RulesetShape", "RulesetSpace",
      ]),
    tests("SessionsTests", ["Addressing", "Nftables", "Sessions"]),
    tests("ConnectionSpaceTests", ["Addressing", "ConnectionSpace", "PolicyFixtures"]),
    tests(
      "PolicySpaceTests",
      [
        "Addressing", "ConnectionSpace", "Diagnostics", "Inventory", "InventoryFiles", "Policy",
        "PolicyFixtures", "PolicySpace",
      ]),
    tests(
      "RulesetSpaceTests",
      [
        "Addressing", "ConnectionSpace", "Inventory", "InventoryFiles", "Nftables", "Policy",
        "PolicyFixtures", "PolicySpace",
        "RulesetCompiler", "RulesetShape", "RulesetSpace",
      ]),
    tests(
      "ConnectionDiffTests",
      [
        "Addressing", "ConnectionDiff", "ConnectionSpace", "Diagnostics", "Goldens", "Inventory", "Nftables",
        "Policy", "PolicyFixtures", "PolicySpace", "RulesetCompiler", "RulesetShape", "RulesetSpace",
      ]),
    tests("FuzzTests", ["FuzzTargets", "Goldens"]),
    tests(
      "ReachabilityTests",
      [
        "Addressing", "ConnectionSpace", "Diagnostics", "Inventory", "InventoryFiles", "Policy",
        "PolicyFixtures", "PolicySpace", "Reachability",
      ]),
    tests(
      "LintTests",
      ["Addressing", "Diagnostics", "Inventory", "InventoryFiles", "Lint", "Policy", "PolicyFixtures"]),
    tests(
      "FlowProposalTests",
      [
        "Addressing", "AgentProtocol", "Diagnostics", "Enforcement", "Explanation", "FlowProposal",
        "Inventory", "InventoryText", "Policy", "PolicyFixtures", "Records", "Sessions",
      ]),
    tests(
      "ImportsTests",
      [
        "Addressing", "ConnectionSpace", "Diagnostics", "Imports", "Inventory", "InventoryFiles",
        "InventoryText", "Nftables", "Policy", "PolicyFixtures", "PolicySpace", "RulesetCompiler",
        "RulesetShape", "RulesetSpace",
      ]),
    tests(
      "EvidenceTests",
      [
        "Addressing", "AgentProtocol", "ChildProcess", "Diagnostics", "Digest", "Evidence", "Goldens",
        "Inventory", "InventoryFiles", "Policy", "PolicyFixtures", "Reachability", "sekisho",
      ]),
    tests("InventoryTextTests", ["Addressing", "Diagnostics", "Inventory", "InventoryText", "Policy"]),
    tests("SigningTests", ["Signing"]),
    tests("HostServicesTests", ["AgentProtocol", "HostServices"]),
    tests("HostStateTests", ["Addressing", "HostState"]),
    tests("HostStoreTests", ["HostState", "HostStore", "Machine", system]),
    tests(
      "HostLifeTests",
      [
        "Addressing", "AgentProtocol", "Enforcement", "HostAgent", "HostLife", "HostState", "HostStore",
        "Machine", "MemoryKernel", "Netlink", "Nftables", "NftablesNetlink", "RulesetDiff", "RulesetShape",
        "Signing",
        "Sessions", system,
      ]),
    tests("MachineTests", ["LabHarness", "Machine", system]),
    tests("ArtifactsTests", ["Artifacts", "Machine", "Policy", system]),
    tests("NetlinkTests", ["Netlink"]),
    tests(
      "OperationsTests",
      [
        "Addressing", "AgentProtocol", "Artifacts", "Attempts", "ConnectionDiff", "ConnectionSpace",
        "Enforcement",
        "ChildProcess", "Fleet", "Goldens", "HostAgent", "Inventory", "Machine", "Lab", "LabFixtures",
        "LabHarness", "Lint", "MemoryKernel",
        "Netlink", "Nftables", "Operations", "Policy", "ProbePlan", "RulesetCompiler", "RulesetDiff",
        "RulesetSpace",
        "sekisho",
      ]),
    tests("SekishoCommandsTests", ["ChildProcess", "Goldens", "sekisho"]),
    tests(
      "HostileTests",
      [
        "Addressing", "AgentProtocol", "ChildProcess", "Enforcement", "HostAgent", "Inventory", "Nftables",
        "NftablesNetlink", "Policy",
        "PolicyFixtures", "RulesetCompiler", "RulesetDiff", "sekisho",
      ]),
    tests(
      "NftablesNetlinkTests",
      [
        "Addressing", "AgentProtocol", "ChildProcess", "ConnectionSpace", "ConntrackNetlink", "EchoKernel",
        "Enforcement", "Goldens", "Netlink", "Nftables", "NftablesNetlink", "RulesetDiff", "RulesetSpace",
        "Sessions", "lab-support", "sekisho",
      ]),
    tests(
      "LabTests",
      ["Addressing", "Lab", "LabFixtures", "LabHarness", "Machine", "Policy", system, "lab-support"]),
    tests(
      "ProbingTests",
      ["Addressing", "Attempts", "Lab", "LabFixtures", "LabHarness", "Policy", "Probing", "lab-support"]),
    tests(
      "ProofTests",
      [
        "Addressing", "AgentProtocol", "Attempts", "ConnectionDiff", "ConnectionSpace", "Diagnostics",
        "Fleet", "FlowProposal", "Inventory", "InventoryFiles", "InventoryText", "Lab", "LabHarness",
        "Nftables",
        "Policy", "PolicyFixtures", "Records", "Rollout", "RulesetCompiler", "RulesetDiff", "RulesetSpace",
        "lab-support",
        "sekisho",
      ]),
  ]
)
