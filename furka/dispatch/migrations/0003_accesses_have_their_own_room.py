from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0002_accesses_of_persons"),
        ("connections", "0002_take_over"),
    ]

    operations = [migrations.DeleteModel(name="SeenAccess")]
