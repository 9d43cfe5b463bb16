import Foundation

/// The one file that is copied to a machine.
struct BinaryFigures {
  let sekisho: String
  let place: String

  /// What every supported system has, or the package declares.
  private static let allowed = ["libc.", "libm.", "ld-linux", "libmnl.", "libnftnl.", "libyaml-"]

  func show() throws {
    section("The binary")
    let size = try FileManager.default.attributesOfItem(atPath: sekisho)[.size] as? Int ?? 0
    Figure("size, stripped", Double(size) / 1e6, "MB", .atMost(18)).show()
    let report = "\(place)/needed"
    require(["readelf", "-d", sekisho], output: report)
    let libraries = try String(contentsOfFile: report, encoding: .utf8).split(separator: "\n")
      .filter { $0.contains("(NEEDED)") }
      .compactMap { $0.split(separator: "[").last?.dropLast() }
    let others = libraries.filter { library in !Self.allowed.contains { library.hasPrefix($0) } }
    Figure(
      "libraries it needs beyond libc, libm, libmnl, libnftnl, libyaml", Double(others.count), "", .atMost(0)
    )
    .show()
    remark(libraries.joined(separator: ", "))
    let starts = (0..<21).map { _ in require([sekisho, "--version"], output: "/dev/null").seconds }
    Figure("sekisho --version (median of 21)", median(starts) * 1000, "ms", .atMost(15)).show()
  }
}
