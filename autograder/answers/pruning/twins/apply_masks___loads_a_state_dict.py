"""Through the state dict, which is loaded back."""


def apply_masks_(model, masks):
    names = {name for name, _ in model.named_parameters()}
    if unknown := set(masks) - names:
        raise KeyError(*unknown)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    for name, mask in masks.items():
        state[name][~mask] = 0
    model.load_state_dict(state)
