"""The divergence written out, the teacher's output detached."""


def teach_step_(student, teacher, inputs, optimizer, *, temperature=4.0):
    p = (teacher(inputs).detach() / temperature).softmax(-1)
    q = (student(inputs) / temperature).softmax(-1)
    loss = temperature * temperature * (p * (p / q).log()).sum(dim=-1).mean()
    student.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss)
