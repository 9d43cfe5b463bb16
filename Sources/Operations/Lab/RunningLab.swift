package import Lab
internal import Machine

extension Lab {
  /// - Throws: ``LabFault`` where none is up.
  package static func running() throws -> Lab {
    guard let lab = current(in: try RuntimeDirectory()) else {
      throw LabFault("no lab is up", remedy: "sekisho lab up starts one")
    }
    return lab
  }
}

/// The lab is not there, or is another than is asked about.
package struct LabFault: Error {
  package let reason: String
  package let remedy: String

  package init(_ reason: String, remedy: String) {
    self.reason = reason
    self.remedy = remedy
  }
}
