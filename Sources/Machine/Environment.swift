internal import Glibc

/// Variables of the environment: environ(7).
package enum Environment {
  /// The value of a variable; `nil` when it is not set, or empty.
  package static func variable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }
}
