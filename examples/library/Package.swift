// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "deciding",
  // In a package of your own: .package(url: "https://…/sekisho", branch: "main")
  dependencies: [.package(name: "sekisho", path: "../..")],
  targets: [
    .executableTarget(
      name: "deciding",
      dependencies: ["Addressing", "ConnectionSpace", "Nftables", "RulesetSpace"].map {
        .product(name: $0, package: "sekisho")
      })
  ]
)
