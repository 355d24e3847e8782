// What a training run left in its folder, in one object.

import Factory
import Foundation
package import JSON

package enum RunReport {
    /// Settings, first and last loss, held-out loss, suspects and the report on the data of a folder
    /// that training wrote.
    package static func read(_ folder: String) throws(WorkbenchError) -> JSON {
        let state = try object(folder, AdapterFolder.state)
        let evaluation = try object(folder, AdapterFolder.evaluation)
        let settings = try object(folder, AdapterFolder.configuration)
        let history = state["log_history"]?.array ?? []
        let losses = history.compactMap { $0["loss"]?.double }
        var members: [JSONObject.Member] = [.init(key: "folder", value: .string(folder))]
        for key in ["base_model_name_or_path", "r", "lora_alpha", "target_modules"] {
            members.append(.init(key: key, value: settings[key] ?? .null))
        }
        members += [
            .init(key: "steps", value: state["global_step"] ?? .null),
            .init(key: "max_steps", value: state["max_steps"] ?? .null),
            .init(key: "train_batch_size", value: state["train_batch_size"] ?? .null),
            .init(key: "first_loss", value: .real(losses.first)),
            .init(key: "last_loss", value: .real(losses.last)),
            .init(key: "lowest_loss", value: .real(losses.min())),
        ]
        members += (evaluation.object?.members ?? []).filter { own in
            !members.contains { $0.key == own.key }
        }
        members.append(.init(key: "data", value: try object(folder, AdapterFolder.data)))
        return .object(JSONObject(members))
    }

    private static func object(_ folder: String, _ name: String) throws(WorkbenchError) -> JSON {
        let path = folder + "/" + name
        let bytes = try LocalModel.read(path)
        do {
            let value = try JSON.parse(bytes, byteLimit: 1 << 28)
            guard value.object != nil else {
                throw WorkbenchError.badFile("\(path) holds \(value.kind), not an object")
            }
            return value
        } catch let error as WorkbenchError {
            throw error
        } catch {
            throw .badFile("\(path) cannot be read: \(error)")
        }
    }
}
