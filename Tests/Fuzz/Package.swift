// swift-tools-version: 6.2
import PackageDescription

// The fuzzers, apart from the rest: only they need libFuzzer, and everything they run is built for it.
// `make fuzz` gives the flags.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "sekisho", path: "../..")],
  targets: [
    .systemLibrary(name: "CFuzzer"),
    .executableTarget(
      name: "fuzz", dependencies: ["CFuzzer", .product(name: "FuzzTargets", package: "sekisho")],
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
  ]
)
